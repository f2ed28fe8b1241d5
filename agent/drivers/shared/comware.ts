/** What Comware has in common under the names of HPE and H3C, versions 3 to 9. */
import type { Command } from '../../driver.ts'
import { pemSecrets, urlSecrets } from './secrets.ts'

export const comwarePrompt = /^(?:RBM_[PS])?<[\w.\-/@:+~ ()]{1,64}>$/

export const comwareRejected: readonly RegExp[] = [
  /^ *% ?(?:Unrecognized|Incomplete|Ambiguous|Wrong parameter|Too many parameters|Unknown command)/,
]

export const comwareDenied: readonly RegExp[] = [/^ *(?:% ?)?(?:Permission denied|Access denied|.{0,80}not authorized)/]

export const comwareCommands: readonly Command[] = [
  {
    run: 'display version',
    as: 'note',
    keep: /^(?:(?:HPE?|H3C|3Com|Comware|HP)\b.{0,80}(?:Software|Platform),? .*Version|Boot image(?: version)?:|System image(?: version)?:|(?<keep>(?:HPE?|H3C|3Com)\b.*) uptime is )/,
  },
  {
    run: 'display device manuinfo',
    as: 'note',
    keep: /^ *(?:(?:Chassis|Slot|Subslot|Fan|Power|CPU) .*:?$|DEVICE_NAME|DEVICE_SERIAL_NUMBER|MAC_ADDRESS|MANUFACTURING_DATE|VENDOR_NAME|PRODUCT_ID)/,
  },
  {
    run: 'display boot-loader',
    as: 'note',
    keep: /^ *(?:Software images on|(?:Current|Main startup|Backup startup) software images|The (?:current|main|backup) |Boot app|\S+\.(?:bin|app|ipe)\b|flash:|cfa0:)/,
  },
  {
    run: 'display current-configuration',
    as: 'config',
    complete: /(?<![\s\S])\s*#\n ?version \d[\s\S]*^#?\s*return\s*(?![\s\S])/,
    idleMs: 60_000,
    totalMs: 300_000,
  },
]

/** Not prose: words such as `simple` and `key` stand in descriptions, remarks and banners too. */
const setting = String.raw`^ *(?!description |rule \d+ comment |remark |header |undo |sysname |alias |ssh2? |name |user-interface |copyright-info )\S`

export const comwareSecrets: readonly RegExp[] = [
  /(?<secret>\$[ch]\$\d{1,2}\$[^\s"]{1,800})/,
  new RegExp(
    String.raw`${setting}.*?\b(?:cipher|simple|hash) (?!authentication-mode |simple |cipher |plain )(?<secret>"[^"\n]+"|\S+)`,
  ),
  new RegExp(
    String.raw`${setting}.*?\bauthentication-mode (?:md5|hmac-md5|simple|sha\d*|hmac-sha\S*)(?: \d{1,3})? (?:cipher |simple |plain )?(?<secret>\S+)(?! authentication-mode)`,
  ),
  /^ *snmp-agent community (?:read|write) (?:cipher |simple )?(?<secret>\S+)/,
  /^ *snmp-agent target-host .*?\bsecurityname (?!cipher |simple )(?<secret>\S+)(?!\S| v3\b)/,
  /^ *snmp-agent usm-user v3 .*?\bprivacy-mode \S+ (?:cipher |simple )?(?<secret>\S+)/,
  /^ *(?:key (?:authentication|accounting|authorization)|pre-shared-key|preshared-key pass-phrase|md5-password \S+) (?!cipher |simple |address |hostname )(?<secret>\S+)/,
  /^ *(?:set authentication password|super password(?: role \S+| level \d)?|password) (?!(?:cipher|simple|hash|irreversible)\b)(?!-)(?<secret>\S+)$/,
  /\bpass-phrase (?!(?:cipher|simple) )(?<secret>\S+)/,
  ...urlSecrets,
  ...pemSecrets,
]
