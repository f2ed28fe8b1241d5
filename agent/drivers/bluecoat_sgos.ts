import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * ProxySG, ASG and Edge SWG. Sections stand between `!- BEGIN name` and `!- END name`, each must be closed at the end of a whole one.
 * What it encrypts with its own key comes out differently each time. Private keys are not asked for: it would print them in clear.
 */
const value = String.raw`(?<secret>"[^"\n]+"|[^\s"]+)`
export default defineDriver({
  title: 'Blue Coat (Symantec, Broadcom) ProxySG SGOS',
  aliases: ['sgos', 'bluecoat', 'proxysg', 'bluecoat_proxysg', 'symantec_proxysg', 'edge_swg', 'broadcom_edge_swg'],
  comment: '! ',
  channel: 'shell',
  prompt: /^(?:[\w.\-@:]{1,63}|[\w.-]{1,40}(?: - )?(?: [\w.-]{1,40}){1,4})(?:\([\w.\-/ ]{1,40}\))?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^(?:[Ee]nable )?[Pp]assword: ?$/ },
  pagers: [{ when: /^--[Mm]ore--.{0,40}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *\^$/, /^% ?(?:Invalid|Incomplete|Ambiguous|Unrecognized|Command not)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Version: |Release id: |Serial number is |NIC \d+ MAC|UI Version: |Model: )/,
    },
    { run: 'show appliance-name', as: 'note', keep: /^Appliance name: / },
    {
      run: ['show configuration expanded noprompts', 'show configuration'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^!- BEGIN networking\n)!-[^\n]*\n[\s\S]*^!- END [^\n]+\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 900_000,
    },
  ],
  volatile: [/^!- ?(?:Local time|Time|Date|Up ?time|Generated|UTC)\b/],
  secrets: [
    new RegExp(
      `^ *(?:[^\\s;"]{1,60} ){0,6}?(?:hashed-(?:enable-)?password|encrypted-(?:enable-)?password|(?:alternate-|secondary-|primary-)?encrypted-secret|(?:primary|alternate)-(?:encrypted-)?(?:secret|password)|front-panel-pin|hashed-front-panel-pin|encrypted-(?:key|pin|passphrase|community|authentication|auth\\w*|priv\\w*)|authentication-(?:encrypted-)?(?:passphrase|localized-key)|privacy-(?:encrypted-)?(?:passphrase|localized-key)) ${value}`,
    ),
    new RegExp(
      `^ *(?!;|no )(?:security |user |archive-configuration |download |upload )?(?:enable-)?password ${value}$`,
    ),
    new RegExp(`^ *(?:snmp )?(?:read-|write-|trap-)?community(?:-string)? (?!encrypted)${value}`),
    new RegExp(`^ *(?:create |edit )?(?:encrypted-)?community-string ${value}`),
    new RegExp(`^ *security radius create-realm(?:-encrypted)? \\S{1,64} ${value}`),
    new RegExp(`^ *radius .{0,120}?\\b(?:secret|encrypted-secret) ${value}`),
    ...urlSecrets,
    ...pemSecrets,
  ],
  resalted: [
    new RegExp(`^ *(?:[^\\s;"]{1,60} ){0,6}?encrypted-(?:password|secret|key|passphrase) ${value}`),
    new RegExp(`^ *security radius create-realm-encrypted \\S{1,64} ${value}`),
    // the mark that ends what is typed inline is a number that need not be the same each time
    /^(?:inline [^\n]{1,200} ")?(?<secret>end-\d{1,12}-inline)"?$/,
    /-----BEGIN ENCRYPTED PRIVATE KEY-----\s{0,8}(?<secret>[^-]{1,20000})/,
  ],
})
