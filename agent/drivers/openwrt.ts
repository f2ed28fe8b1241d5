import { defineDriver } from '../driver.ts'
import { posixPrompt, posixRejected } from './shared/posix.ts'
import { uciDenied, uciRuns, uciSecrets, wholeUci } from './shared/uci.ts'

/** Also LEDE, and what many makers build of it. The last line is printed only when everything before it was. */
export default defineDriver({
  title: 'OpenWrt',
  aliases: ['lede', 'open_wrt', 'uci', 'gl_inet', 'turris'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: uciDenied,
  commands: [
    {
      run: 'ubus call system board',
      as: 'note',
      keep: /^\s*"(?:kernel|system|model|board_name|rootfs_type|distribution|version|revision|target|description)":/,
    },
    { run: uciRuns, as: 'config', complete: wholeUci },
  ],
  secrets: uciSecrets,
})
