import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/** Blocks of commands, each ended by `exit`. Nothing marks the end of all, so the confirmed prompt is the judge. */
export default defineDriver({
  title: 'Netgate TNSR',
  aliases: ['tnsr'],
  comment: '! ',
  channel: 'shell',
  prompt: /^(?:[\w.-]{1,64} )?[\w.-]{1,64}# ?$/,
  pagers: [{ when: /^--More--\s*$/, send: ' ' }, ...commonPagers],
  rejected: [/^(?:Error: |CLI syntax error|% ?Unknown command|Unknown command)/, ...iosRejected],
  denied: [/^(?:Error: )?(?:access-denied|Access denied|Permission denied)/, ...iosDenied],
  commands: [
    {
      run: ['show version all', 'show version'],
      as: 'note',
      keep: /^(?:Version|Product|Platform|Git Commit|Build timestamp|Model|Serial)\b.*: /,
    },
    {
      run: ['show configuration running cli', 'show running-configuration cli'],
      as: 'config',
      complete: /(?<![\s\S])(?![{<])[a-z][\w-]* [^\n]*\n[\s\S]*^(?:exit|(?!exit)[a-z][\w-]* [^\n]*)\s*(?![\s\S])/,
      idleMs: 60_000,
    },
  ],
  secrets: [
    /^ *(?:user-password|password)(?: \d{1,2})? (?<secret>"[^"\n]{1,400}"|\S{1,400})$/,
    /^ *(?:neighbor \S{1,80} )?password (?:line )?(?<secret>"[^"\n]{1,400}"|\S{1,400})$/,
    /^snmp community community-name (?<secret>\S{1,200})/,
    /^snmp trap-receiver [^\n]{0,120}\bcommunity (?<secret>\S{1,200})/,
    /^ *(?:psk|pre-shared-key|private-key|preshared-key|shared-secret|secret|bind-password|key-string|simple-password)(?: (?:base64|hex|ascii))? (?<secret>"[^"\n]{1,2000}"|\S{1,2000})$/,
    /^ *(?:ip ospf |ipv6 ospf )?(?:authentication-key|message-digest-key key-id \d{1,3} md5-key|message-digest-key \d{1,3} md5) (?<secret>\S{1,200})/,
    /^ *(?:server|radius server) [^\n]{0,160}\bsecret (?<secret>"[^"\n]{1,200}"|\S{1,200})/,
    /^ *ntp authentication key \d+ \S+ (?<secret>\S{1,200})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
