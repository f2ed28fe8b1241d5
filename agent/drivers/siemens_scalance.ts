import { defineDriver } from '../driver.ts'
import { iosDenied, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * SCALANCE X, XB, XC, XP, XR and XM switches and the routers of the M and S families. `show running-config` names what differs from the
 * factory settings. No end mark is documented: it has a system's settings and interfaces; the prompt alone judges its end. Of the XM-400 manual
 * the prompts and `user-account` were seen; how the configuration is printed, in pages or not, is not confirmed.
 */
export default defineDriver({
  title: 'Siemens SCALANCE X, XC, XR, XM, M and S',
  aliases: [
    'scalance',
    'siemens',
    'scalance_x',
    'siemens scalance',
    'scalance_xc',
    'scalance_xm',
    'scalance_xr',
    'scalance_m',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  rejected: [
    /^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized)/,
    /^[Cc]ommand (?:not found|unknown)/,
    ...iosRejected,
  ],
  denied: iosDenied,
  commands: [
    {
      run: ['show device information', 'show versions', 'show system'],
      as: 'note',
      keep: /^ *(?:Current system name|System (?:Name|Location|Contact)|System name|Device [Tt]ype|Device name|Order ID|MLFB|Order [Nn]umber|Serial [Nn]umber|Hardware [Rr]evision|Hardware [Vv]ersion|Firmware(?: [Vv]ersion| revision)?|Bootloader(?: [Vv]ersion)?|MAC [Aa]ddress|Vendor(?: ID)?|Basic Hardware|Firmware_Running|Bootloader_Running)\b.{0,30}[: ]/,
    },
    {
      run: ['show running-config all', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^ *(?:system name|username|user-account|vlan|snmp) )[\s\S]*^ *interface \S/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  volatile: [
    /^[!#] ?(?:Date|Time|Saved|Generated|Created|[Ss]ystem [Tt]ime|[Uu]p ?[Tt]ime)\b/,
    /^ *(?:time set|manual time) /,
  ],
  secrets: [
    /^ *(?:username|user-account|user) \S+ .{0,60}?\b(?:password|hash)(?: (?:encrypted|hash|plain))? (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp community index \S+ name (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp user \S+ .{0,60}?\b(?:md5|sha|sha256)(?: encrypted)? (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp user \S+ .{0,200}?\b(?:des|aes\S{0,4})(?: encrypted)? (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp (?:targetaddr|notify|agent|trap) .{0,80}?\bcommunity (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:radius server|radius-server|server|tacacs|radius) .{0,120}?\b(?:key|secret)(?: encrypted)? (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:smtp|ddns|sinema|openvpn|ipsec|ike|pppoe|ppp|sim|wlan|proxy|remote|cert)[\w-]{0,20} .{0,120}?\b(?:password|psk|pin|passphrase|key|secret)(?: encrypted)? (?<secret>"[^"\n]+"|\S+)$/,
    /^ *(?:auth psk|authentication psk|psk|pin|passphrase|pre-shared-key) (?<secret>"[^"\n]+"|\S+)$/,
    ...iosSecrets,
  ],
})
