import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Enterasys SecureStack, D-, G-, I-Series, 800, K-, N-, S- and 7100-Series; not Arista EOS. `set length 0` would be a setting of the
 * device on some of them, so the pager is answered instead. Secrets stand encrypted between colons.
 */
export default defineDriver({
  title: 'Extreme Networks EOS (Enterasys)',
  aliases: ['enterasys', 'enterasys_eos', 'securestack', 'extreme-eos', 'extreme_ers_eos', 'enterasys_ssh'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-@+ ]{1,64}\((?:su|rw|ro)\)->\s?$/,
  pagers: [{ when: /^--More--.{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [
    /^(?:Error: |%)?(?:Invalid (?:command|parameter|input)|Unknown command|Incomplete command|Ambiguous command|Command not found)/,
  ],
  denied: [
    /^(?:Error: )?(?:Permission denied|Access denied|.{0,60}(?:not authorized|insufficient (?:access|privilege)))/,
  ],
  commands: [
    {
      run: 'show system hardware',
      as: 'note',
      keep: /^\s*(?:UNIT|SLOT|Slot|Chassis|Model|Serial Number|Part Number|Vendor ID|Base MAC Address|Hardware Version|FirmWare Version|Firmware Version|Boot Code Version|BootPROM Version|Module Type|PoE Version)\b/,
    },
    { run: 'show version', as: 'note', keep: /\b(?:Hw|Bp|Fw|BuFw|PoE): ?\S/ },
    {
      run: 'show config',
      as: 'config',
      complete: /(?<![\s\S])(?:[^\n]*\n){0,6}begin\s*\n[\s\S]*^end\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 90_000,
    },
  ],
  volatile: [/^This command shows non-default/, /^Use 'show config all' to show both/],
  secrets: [
    /^ *(?:set|ip|snmp|radius|tacacs|area|neighbor|key) .*? :(?<secret>[0-9A-Fa-f]{6,512}):/,
    /^set snmp user .*?\bprivacy (?:\S+ )?:(?<secret>[0-9A-Fa-f]{6,512}):/,
    /^set system login \S+ \S+ \S+ password (?!:)(?<secret>"[^"\n]*"|\S+)/,
    /^set snmp community (?!:)(?<secret>"[^"\n]*"|\S+)/,
    /^set snmp user .*?\b(?:authentication|auth) (?:md5 |sha )?(?!:|md5 |sha )(?<secret>"[^"\n]*"|\S+)/,
    /^set snmp user .*?\b(?:privacy|priv) (?:des |aes )?(?!:|des |aes )(?<secret>"[^"\n]*"|\S+)/,
    /^set (?:radius|tacacs)(?: accounting)? server \S+ \S+ \d+ (?!:|realm )(?<secret>"[^"\n]*"|\S+)/,
    /^set (?:macauthentication|pwa|eapol|sntp|ssh) .*?\b(?:password|key|secret) (?!:|aging|length)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:ip ospf|ip rip|ip vrrp|area|neighbor) .*?\b(?:authentication-key|message-digest-key \d+ md5|password) (?!:)(?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
