import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * XML, because it is what a restore takes; `export config to console` prints it and writes nothing. Its one root element ends
 * at the end. SSH listens on port 4118, which the device's entry must say. The vendor's reference was not at hand: commands and names of elements
 * are not confirmed.
 */
export default defineDriver({
  title: 'WatchGuard Fireware',
  aliases: ['fireware', 'firewareos', 'watchguard', 'firebox', 'xtm', 'watchguard_ssh'],
  comment: '<!-- ',
  commentEnd: ' -->',
  channel: 'shell',
  transports: ['ssh'],
  prompt: /^(?:\[[\w.-]{1,40}\])?WG(?:<[\w ]{1,20}>)?(?:\([\w.\-/]{1,40}\))?[>#] ?$/,
  rejected: [
    /^ *(?:% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized|Unknown)|\^)/,
    /^%?Error: (?:Unrecognized|Invalid|Unknown)/,
  ],
  denied: [
    /^ *%? ?(?:Error: )?.{0,60}(?:[Pp]ermission denied|[Nn]ot (?:authorized|permitted|allowed)|[Ii]nsufficient privilege)/,
  ],
  commands: [
    {
      run: 'show sysinfo',
      as: 'note',
      keep: /^ *-*(?:[Ss]erial [Nn]umber|[Vv]ersion|[Mm]odel|[Ss]ystem [Nn]ame|[Bb]uild)\b.{0,20}[:=]/,
    },
    {
      run: 'export config to console',
      as: 'config',
      complete: /(?<![\s\S])(?:<\?xml[^>]*>\s*)?<profile[ >][\s\S]*<\/profile>\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  secrets: [
    /<(?:[\w-]{1,40}[-_])?(?:passwd|password|passphrase|pass-phrase|psk|pre-shared-key|secret|shared-secret|community|community-string|auth-key|auth-password|priv-password|private-key|key-string|wep-key)>(?<secret>[^<\s][^<]*)<\//,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
