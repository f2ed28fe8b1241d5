import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * SarOS on TransPort WR, DR and VC. The file config.da0 is what the router starts from: a change that was not saved is not in it. Where
 * it has another name, `config c show` prints what runs. Every answer of its AT-like command line ends with `OK`.
 */
export default defineDriver({
  title: 'Digi TransPort (SarOS)',
  aliases: ['saros', 'transport', 'digi_saros', 'sarian'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}> ?$/,
  rejected: [/^(?:ERROR|Syntax error|File not found|Command not found|Unknown command)/],
  denied: [/^(?:Access denied|Insufficient access|.{0,40}access level)/],
  commands: [
    { run: 'ati5', as: 'note', keep: /^(?:.{0,80}\bSer#: ?\d+|Software Build Ver|ARM Bios Ver|Power PC Bios Ver)/ },
    {
      run: ['type config.da0', 'config c show'],
      as: 'config',
      complete: /(?<![\s\S])(?:\[CFG\]\s*\n)?[a-z]\w* \d+ \w+ [^\n]*\n[\s\S]*^OK\s*(?![\s\S])/,
    },
  ],
  secrets: [
    /^[a-z]\w{0,20} \d{1,3} (?:\w{0,24}(?:password|psk|sharedkey|secret|passphrase|pin|[Cc]ommunity|passwd|wepkey|apikey)|key) (?<secret>"[^"\n]{1,400}"|[^\s"]{1,400})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
