import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * ePMP access points, Force subscriber modules and PtP links; not the PMP 450 (Canopy) family. `config show dump` prints every parameter
 * with its value. Layout not confirmed: prompt, order and separator are not published, so that names of four groups of parameters,
 * which stand in every export, and the confirmed prompt are the judges. Names of keys are taken generously for secrets.
 */
const key = String.raw`[\w.[\]-]{0,80}?(?:[Cc]ommunity|[Pp]assw(?:or)?d|[Pp]assphrase|[Ss]ecret|[Pp]rivateKey|PSK|Psk|Key|KEY|Token|Pin)(?:String|Value|Hash|Phrase|Hex)?[\d.[\]]{0,12}`
const has = (name: string) => `(?=(?:[\\s\\S]*\\n)?[^\\w\\n]{0,20}${name}\\w*\\b)`

export default defineDriver({
  title: 'Cambium Networks ePMP',
  aliases: ['epmp', 'cambiumepmp', 'cambium-epmp', 'epmp1000', 'epmp2000', 'epmp3000', 'epmp4000', 'cambium_force'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh'],
  prompt: /^[A-Za-z\d][^<>#?:\n]{0,63}> ?$/,
  rejected: [
    /^(?:%? ?(?:Error|ERROR)\b|(?:Unknown|Invalid|Wrong|Bad|Incorrect) (?:command|argument|parameter|option|syntax)|Command not found|.{0,80}: not found$|Usage:)/,
  ],
  denied: [/^(?:Permission denied|Access denied|.{0,40}not (?:permitted|allowed|authorized))/],
  commands: [
    {
      run: 'config show dump',
      as: 'config',
      complete: new RegExp(
        `(?<![\\s\\S])${has('networkBridge')}${has('snmpRead')}${has('systemConfig')}${has('wirelessInterface')}\\s*["\\w{[]`,
      ),
    },
  ],
  // what changes by itself, if a dump has such lines
  volatile: [
    /^[^\w\n]{0,8}(?:cambiumCurrent(?:System)?(?:Time|Date)|cambiumSystemUptime|systemConfigCurrent(?:Time|Date))\w*\b/,
  ],
  secrets: [
    // bare: the rest of the line, which may hold spaces
    new RegExp(`^[ \\t]*${key}[ \\t]*[ \\t=:][ \\t]*(?<secret>(?<=['"])[^'"\\n]{1,400}|[^\\s'"=:{[][^\\n]{0,400})$`),
    new RegExp(`^[ \\t]*${key}[ \\t]*[ \\t=:][ \\t]*["'](?<secret>[^"'\\n]{1,400})["']`),
    // JSON, whole or in the value of a table
    new RegExp(`"${key}"[ \\t]*:[ \\t]*"(?<secret>(?:\\\\.|[^"\\\\\\n]){1,400})"`),
    /(?<secret>\$\d[a-z]?\$[./\w$]{8,120})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
