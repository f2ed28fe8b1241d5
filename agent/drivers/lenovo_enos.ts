import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/** The prompt may hold the name of the model with a blank, such as `RS G8264#`. After login some ask which command line it shall be. */
export default defineDriver({
  title: 'Lenovo ENOS (IBM and BNT RackSwitch)',
  aliases: ['enos', 'lenovo_enos_ssh', 'ibmnos', 'ibm_nos', 'bnt', 'rackswitch', 'ibm networking os'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.\-/@:+]{1,64}(?: [\w.-]{1,20}){0,2}[>#] ?$/,
  answers: [{ when: /^Select Command Line Interface mode \([\w/-]{1,40}\): ?$/, send: 'iscli' }],
  enable: iosEnable,
  prepare: ['terminal-length 0'],
  rejected: [/^Error: (?!.*(?:privilege|authori[sz]|ermission))/, ...iosRejected],
  denied: [/^Error: .*(?:privilege|authori[sz]|ermission)/, ...iosDenied],
  commands: [
    {
      run: ['show sys-info', 'show version'],
      as: 'note',
      keep: /^ *(?:(?:IBM|Lenovo|BLADE|Blade) |MAC [Aa]ddress:|Hardware (?:Part|Revision|Number)|Serial [Nn]umber|Electronic Serial|Manufacturing Date|MTM Value|ESN:|Software Version|Board Revision)/,
    },
    { run: 'show boot', as: 'note', keep: /^(?:Currently set|Current (?:CLI|FLASH)|FLASH |Next |Boot kernel)/ },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])Current configuration: *\n[\s\S]*^version "?\d[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  secrets: [
    /^access user (?:(?:administrator|operator|user)-password|eap-user \S+ password|\d+ password) (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server (?:read|write|trap)-community(?:-additional)? (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server community \d+ (?:index (?:"[^"\n]*"|\S+) )?name (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user \d+ authentication-protocol \S+ authentication-password (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user \d+ privacy-protocol \S+ privacy-password (?<secret>"[^"\n]*"|\S+)/,
    /^(?:radius|tacacs|ldap)-server [^"\n]{0,120}?\b(?:key ekey|ekey|key|password) (?!ekey )(?<secret>"[^"\n]*"|\S+)/,
    /^[ \t]*(?:ntp |ip (?:ospf|rip) |ipv6 ospf )?message-digest-key \d+ md5(?:-e?key)? (?<secret>"[^"\n]*"|\S+)/,
    /^[ \t]*(?:area-virtual-link \d+ |ip ospf |ip rip )(?:message-digest-key|e?key|authentication-key) (?!\d{1,3}(?: |$))(?<secret>"[^"\n]*"|\S+)/,
    /^[ \t]*(?:neighbor \d+ (?:md5 )?(?:password|epassword)|(?:virtual-router|group) \d+ authentication password) (?<secret>"[^"\n]*"|\S+)/,
    /^[ \t]*(?:ike |ikev2 )?preshare-key (?:\w+ )?(?<secret>"[^"\n]*"|\S+)$/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
