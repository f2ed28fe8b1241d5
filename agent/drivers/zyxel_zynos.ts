import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Switches (GS, XGS, ES, MES): header lines with `;` and no end mark. A whole one begins with the header, has a VLAN, and behind the last
 * `exit` nothing but single lines. A cut between two of them is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Zyxel ZyNOS switches',
  aliases: ['zynos', 'zyxel', 'zyxel_switch', 'zynoscli', 'zynosgs', 'zynosmgs', 'zyxel_gs', 'zyxel_os'],
  comment: '; ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  pagers: [{ when: /^-- more --, next page: Space, continue: [cg], quit: .{0,20}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:% ?)?(?:Invalid|Ambiguous|Incomplete|Unknown) command/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show system-information',
      as: 'note',
      keep: /^ *(?:Product Model|System Name|System Contact|System Location|Ethernet Address|Bootbase Version|ZyNOS (?:F\/W|CODE|Code) [Vv]ersion|Hardware [Vv]ersion|Serial Number|Config Boot Image|Current Boot Image)\s*:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S]); Product Name = (?=[\s\S]*^vlan \d)[\s\S]*\n *exit *(?:\n+(?!exit\b|interface \S|vlan \d|router \S|mvr \d|mstp instance )\S.*)*\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^ *(?:Building configuration|Current configuration)/, /^; Config last updated/],
  secrets: [
    /^ *admin-password (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *logins username \S+ password (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server (?:.{0,200}? )?get-community (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server (?:.{0,200}? )?set-community (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server (?:.{0,200}? )?trap-community (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server username .{0,160}?\bauth-password (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server username .{0,240}?\bpriv-password (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs)-(?:server|accounting) host .{0,100}?\bkey (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:mac-authentication|ip ospf|area|key) .{0,80}?\b(?:password|authentication-key|key) (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
