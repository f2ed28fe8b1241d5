import { defineDriver } from '../driver.ts'
import { iosDenied, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * HiOS, HiSecOS and HiEOS print their configuration as XML, as their own files are; the Classic software prints commands and the last is
 * `exit`. The prompt begins with `*` while settings are not saved and with `!` while a default password is in use.
 */
const secretName = String.raw`[^"\n]{0,80}(?:Password|Passwd|PassPhrase|Passphrase|Secret|SharedKey|AuthKey|PrivKey|AuthenticationKey|EncryptionKey|PreSharedKey|PresharedKey|KeyString|CommunityName|Community|PrivateKey)(?:Hash|Hashed|Encrypted|String|Value)?`

export default defineDriver({
  title: 'Belden Hirschmann HiOS and Classic',
  aliases: [
    'hios',
    'hirschmann',
    'hisecos',
    'hieos',
    'belden',
    'hirschmann_classic',
    'greyhound',
    'eagle40',
    'mach4000',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: /^[!*+]{0,3}(?:[[(] ?[\w.\- ]{1,64} ?[\])]|[\w.-]{1,64}) ?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0'],
  rejected: [/^(?:Error: |% ?)?(?:Invalid|Incomplete|Ambiguous|Unknown|Command not found)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: ['show system info', 'show sysinfo'],
      as: 'note',
      keep: /^(?:System [Dd]escription|System name|System location|System contact|Device hardware description|Serial number|Hardware revision|Backplane|Operating system|Running Software (?:Release|Version)|Software (?:version|level))[ .]{0,60}/,
    },
    {
      run: ['show running-config xml', 'show running-config'],
      as: 'config',
      complete:
        /(?<![\s\S])<\?xml [^\n]*\n\s*(?:<!--[^\n]*\n\s*)?<(\w+)[\s>][\s\S]*^<\/\1>\s*(?![\s\S])|(?<![\s\S])!Current Configuration:[\s\S]*^(?:vlan database|configure)\n[\s\S]*^exit\s*(?![\s\S])/,
      idleMs: 120_000, // the XML is made before the first line comes
      totalMs: 600_000,
    },
  ],
  volatile: [
    /^! ?(?:System Up Time|Current (?:SNTP|System) |System [Tt]ime)/,
    /^\s*<(?:Date|Time|DateTime|UpTime|SystemTime|CreationDate|Timestamp)>[^<\n]{0,80}<\/\w{1,20}>$/,
    /^\s*<!-- ?(?:[Cc]reated|[Gg]enerated|[Ss]aved)\b/,
  ],
  logout: ['logout'],
  secrets: [
    new RegExp(
      `<(?:Attribute|Variable|Parameter)[^>\\n]{0,80} name="${secretName}"[^>\\n]{0,80}>(?<secret>[^<\\n]{1,2000})<`,
    ),
    new RegExp(
      `<(?:Attribute|Variable|Parameter)[^>\\n]{0,80} name="${secretName}"[^>\\n]{0,80} value="(?<secret>[^"\\n]{1,2000})"`,
    ),
    /^ *(?:users (?:passwd|password|snmpv3 \S+)|user(?:name)?) .{0,80}?\b(?:passwd|password|encrypted|authentication|encryption \S+) (?:level \d |encrypted )?(?<secret>"[^"\n]+"|\S+)$/,
    /^ *users snmpv3 encryption \S+ (?:des|aes\S*) (?<secret>"[^"\n]+"|\S+)$/,
    /^ *users passwd \S+ (?:level \d )?(?:encrypted )?(?<secret>"[^"\n]+"|\S+)$/,
    /^ *(?:no )?snmp-server community (?:(?:ro|rw|mode|ipaddr|readonly|readwrite) )?(?!(?:ro|rw|mode|ipaddr|ipmask) )(?<secret>"[^"\n]+"|\S+)$/,
    /^ *radius server key (?:auth|acct) \S+ (?:encrypted )?(?<secret>"[^"\n]+"|\S+)$/,
    /^ *ip (?:ospf|rip) authentication (?:simple|encrypt|md5) (?:encrypted )?(?<secret>"[^"\n]+"|\S+)/,
    // here the rights stand before the name, so the pattern of IOS would take them for it
    ...iosSecrets.filter(({ source }) => !source.includes('snmp-server community')),
  ],
})
