import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * PicOS in L2/L3 mode. Its login shell is the command line, or Linux, where `cli` begins it. Braces have no end mark: the
 * last one stands at the left, and the confirmed prompt is the judge.
 */
export default defineDriver({
  title: 'Pica8 and FS PicOS',
  aliases: ['picos', 'pica8', 'pica8_picos', 'pica8_os', 'xorplus', 'fs_picos'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}@[\w.-]{1,64}> ?$/,
  answers: [{ when: /^[\w.-]{1,64}@[\w.-]{1,64}(?::[~/]\S{0,60})?[$] ?$/, send: 'cli' }],
  pagers: [{ when: /^ *--More--.{0,20}$/, send: ' ' }, ...commonPagers],
  rejected: [/^(?:syntax error|unknown command|ERROR: |-?bash: .*command not found)/],
  denied: [/^(?:[Pp]ermission denied|.{0,40}not authorized)/],
  commands: [
    {
      run: ['show version | no-more', 'show version'],
      as: 'note',
      keep: /^(?:Copyright|Base [Ee]thernet|Base MAC|Hardware Model|Linux System Version|L2\/L3 Version|Software Version|PICOS Release\/Commit|Device ID|Serial Number|OVS\/OF Version)/,
    },
    { run: ['show system serial-number | no-more', 'show system serial-number'], as: 'note', keep: /:/ },
    {
      run: ['show running-config | no-more', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])(?:\/\*[^\n]*\n)?(?<indent> {0,4})[a-z][\w-]* \{\n[\s\S]*^\k<indent>\}\n*(?![\s\S])/,
      idleMs: 60_000,
    },
  ],
  volatile: [/^\/\*(?:XORP|Last commit|Generated)[^\n]*\*\/$/],
  secrets: [
    /^[ \t]+(?!description|banner)(?:[\w-]{0,40}(?:password|secret|passphrase|community)|(?:auth|authentication|priv|privacy|encrypted|shared|md5)-key|key-string|key): (?<secret>"[^"\n]{1,400}"|\S{1,400})$/,
    // a community of SNMP as an entry
    /^[ \t]+community (?<secret>"[^"\n]{1,200}"|[^\s{"]{1,200}) \{\n[ \t]+(?:authorization|clients?|view)\b/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
