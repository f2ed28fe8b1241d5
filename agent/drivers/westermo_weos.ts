import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Each part of the configuration is a context that is closed by `end`; the last line is an `end` at the left. What is read is the running
 * configuration, in the form of the file `config0.cfg`. No sample by the vendor was at hand: prompts, contexts and lines are not confirmed.
 */
const value = String.raw`(?<secret>"[^"\n]+"|'[^'\n]+'|[^\s"']+)`
export default defineDriver({
  title: 'Westermo WeOS',
  aliases: ['weos', 'weos4', 'weos5', 'westermo', 'redfox', 'lynx', 'wolverine', 'viper'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.+-]{1,64}:\/(?:[\w./:-]{0,60})?(?:#>|[#>$]) ?$/,
  rejected: [
    /^(?:Error|Invalid|Unknown|Ambiguous|Incomplete)\b.{0,80}/,
    /^.{0,80}: (?:[Cc]ommand not found|[Ii]nvalid (?:command|argument)|[Nn]o such command)/,
    /^[Uu]nknown command/,
  ],
  denied: [/^(?:Error: ?)?(?:[Pp]ermission denied|[Aa]ccess denied|[Yy]ou are not allowed)/],
  commands: [
    {
      run: ['show system-information', 'show system'],
      as: 'note',
      keep: /^ *(?:Product|Model|System [Nn]ame|Article|Art\.? ?[Nn](?:o|umber)|Serial [Nn]umber|MAC base address|Base MAC|Product number|Firmware|Primary|Main firmware|Backup|Bootloader|CPLD)\b.{0,20}:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?:(?:#[^\n]*)?\n)*[a-z][^\n]*\n(?=[\s\S]*^ *hostname )(?=[\s\S]*^iface )[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
    },
  ],
  volatile: [/^# ?(?:[Ss]aved|[Ll]ast |[Gg]enerated|[Dd]ate|[Tt]ime|[Uu]ptime)/],
  logout: ['logout'],
  secrets: [
    new RegExp(`^ *(?!no )(?:username|user) \\S+ (?:hash |plain |password )?(?:\\d )?(?!end$)${value}$`),
    new RegExp(
      `^ *(?!no |description )(?:password|passphrase|secret|shared-secret|psk|pre-shared-key|key|md5|auth-key|private-key|pin|passwd)(?: (?:\\d{1,3}|hash|plain|crypt|encrypted|auth|secret|passphrase))* (?!\\d{1,3}$)${value}$`,
    ),
    new RegExp(`^ *(?:rocommunity|rwcommunity|trapcommunity|community) ${value}`),
    new RegExp(`^ *(?:rouser|rwuser) \\S+ (?:auth|crypto|priv) .{0,20}?(?:md5|sha\\d*|MD5|SHA\\d*) ${value}`),
    new RegExp(`^ *(?:rouser|rwuser) \\S+ .{0,200}?\\b(?:crypto|priv)(?: priv)? (?:des|aes\\d*|DES|AES\\d*) ${value}`),
    new RegExp(
      `^ *(?:server|radius|tacacs|authentication|auth) .{0,120}?\\b(?:key|secret|password|md5 \\d{1,3}|plain) ${value}`,
    ),
    new RegExp(`^ *(?:identity|login|ppp) .{0,80}?\\bpassword ${value}`),
    ...urlSecrets,
    ...pemSecrets,
  ],
})
