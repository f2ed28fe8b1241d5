import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * SmartZone 100, 144, 300, SmartCell Gateway 200 and the virtual vSZ. Login, prompt, `enable` and `show version` are as published of vSZ 5.2.
 * Not confirmed: that `show running-config` alone prints it all, what that looks like, refusals, pages. Sections of `Name : value` are
 * expected, as `show interface` prints them, or lines as they are typed; much is masked, and of a table that has a column of secrets
 * every row. No end mark is known: the prompt that is proved by an Enter must do. It does not restore a controller; its own backup does.
 */
const words =
  '(?:Password|Passphrase|Pass Phrase|Privacy Phrase|(?:Shared |Pre-?Shared )?Secret|Community(?: Name| String)?|Key|PSK|Token|Private Key)'
export default defineDriver({
  title: 'RUCKUS SmartZone',
  aliases: ['smartzone', 'vsz', 'ruckus_vsz', 'ruckus-smartzone', 'scg200', 'sz100', 'sz144', 'sz300'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh'],
  prompt: /^[\w.-]{1,64}[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  rejected: [
    /^ *(?:% ?|[Ee]rror: ?)?(?:[Ii]nvalid (?:command|input|parameter)|[Ii]ncomplete command|[Cc]ommand (?:is )?(?:incomplete|invalid|not found|not recognized)|[Uu]n(?:known|recognized) command|[Aa]mbiguous command)/,
  ],
  denied: [
    /^ *(?:% ?|[Ee]rror: ?)?(?:[Pp]ermission denied|[Aa]ccess denied|[Nn]ot (?:permitted|authorized)|[Ii]nsufficient privileges?)/,
  ],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ {0,8}(?<keep>(?:Model|Serial #|\S{1,10} Version|(?:AP|Control Plane|Data Plane) .{0,30}Version) *: *\S.{0,100})/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^ {0,8}(?:ap-zone|zone|(?:AP )?Zone)\b)(?=[\s\S]*^ {0,8}(?:[Aa]dmin|[Cc]luster|[Hh]ostname|[Ii]nterface|[Ss]ystem))[\s\S]*\S\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 600_000,
    },
  ],
  volatile: [
    /^ {0,12}(?:(?:System |Cluster |AP )?Up ?[Tt]ime|(?:Current|System) (?:Date|Time)|Last (?:Backup|Login|Seen|Updated|Modified)(?: Time| On)?|(?:Number|#) of (?:APs|Clients|Alarms|Users)|Connected (?:APs|Clients)) *:/,
  ],
  secrets: [
    new RegExp(
      String.raw`^ {0,12}(?!Description|SSID|Name|Location|Comment)(?:[\w().#/&-]{1,30} ){0,6}?${words}(?: \(\w{1,12}\)| #?\d)? *: *(?<secret>\S.*)$`,
    ),
    new RegExp(
      String.raw`^ {0,12}(?=.{0,200}  )(?=.{0,200}\b${words}(?:  |$))[A-Z](?:(?! : ).){0,250}\n {0,12}-[- ]{3,250}\n {0,12}(?<secret>[^\s-].{0,300}(?:\n {0,12}[^\s-].{0,300}){0,20000})`,
    ),
    /^ {0,12}(?!(?:description|ssid|name|location|comment|banner) )(?:[\w.:-]{1,40} ){0,6}?[\w-]{0,20}(?:password|passphrase|secret|community|psk|key) (?!: )(?<secret>"[^"\n]{1,128}"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
