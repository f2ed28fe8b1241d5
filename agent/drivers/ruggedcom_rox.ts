import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * ROX II (RX1400, RX1500, RX5000, MX5000). The command line comes from ConfD: `| nomore` prints without a pager. Keys that the system
 * encrypts begin with `$4$` or `$8$`. There is no end mark, so the sections that each device has and a last closed one stand for it.
 * No sample by the vendor was at hand: prompts, paths and lines are not confirmed.
 */
const value = String.raw`(?<secret>"[^"\n]+"|[^\s"]+)`
export default defineDriver({
  title: 'Siemens RUGGEDCOM ROX II',
  aliases: ['rox', 'rox2', 'rox ii', 'ruggedcom-rox', 'siemens_rox', 'rx1500', 'rx1400', 'rx5000', 'mx5000'],
  comment: '! ',
  channel: 'shell',
  prompt: /^(?:[\w.-]{1,32}@)?[\w.-]{1,63}(?:\([\w.\- /]{1,60}\))?[#>] ?$/,
  prepare: [],
  pagers: [{ when: /^--More--.{0,40}$/, send: ' ' }, { when: /^ *\[?[Mm]ore\]? ?$/, send: ' ' }, ...commonPagers],
  rejected: [/^(?:syntax error|Error: (?:unknown|incomplete|bad)|-+\^)/, /^(?:% ?)?(?:Invalid|Unknown|Incomplete)/],
  denied: [/^(?:Error: )?(?:access denied|permission denied)/, ...iosDenied],
  commands: [
    {
      run: ['show chassis chassis-status | nomore', 'show chassis chassis-status'],
      as: 'note',
      keep: /^ *(?:model|software[ -]license|order[ -]code|rox[ -]release|hardware[ -]revision|serial[ -]number|system-serial-number|main-?board|target-build)\b/,
    },
    {
      run: ['show running-config | nomore', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])(?:(?:[!%][^\n]*)?\n)*admin\n(?=[\s\S]*^interface )[\s\S]*^ *!\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^ *(?:current-time|last-change|uptime|last-modified) /],
  secrets: [
    new RegExp(
      String.raw`^ *(?!description |no )(?:[\w-]{1,40} ){0,6}?(?:[\w-]{0,40}(?:password|passphrase|passwd|secret|pre-shared-key|preshared-key|shared-key|auth-key|priv-key|authentication-key|privacy-key|encryption-key|message-digest-key(?: \d{1,3})?(?: md5)?|key-string|wpa-psk|psk)|server-key|secret-key) ${value}$`,
    ),
    /^ *(?:snmp-)?community (?<secret>"[^"\n]+"|[^\s"]+)$/,
    /^ *(?:admin )?(?:snmp )?snmp-community (?<secret>"[^"\n]+"|[^\s"]+)/,
    /^ *(?:key \d{1,3}|sim-pin|pin|contents|private-key) (?!id )(?<secret>"[^"\n]{1,20000}"|[^\s"]+)$/,
    /(?<secret>\$[489]\$[A-Za-z0-9+/=]{8,2000})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
