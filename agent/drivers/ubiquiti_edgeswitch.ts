import { defineDriver } from '../driver.ts'
import { iosDenied, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** Broadcom's FASTPATH under Ubiquiti's name. `configure` begins the settings and `exit` at the left ends them. */
export default defineDriver({
  title: 'Ubiquiti EdgeSwitch',
  aliases: ['edgeswitch', 'ubiquiti_edge', 'ubiquiti_edgesw', 'ubnt_edgeswitch', 'ubiquiti_es'],
  comment: '!',
  channel: 'shell',
  prompt: /^\([\w.\- ]{1,64}\) ?(?:\([\w.\-/ ]{1,40}\))?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^Password: ?$/ },
  prepare: ['terminal length 0'],
  pagers: [{ when: /^--More-- or \(q\)uit.{0,10}$/, send: ' ' }],
  rejected: [/^(?:% |Command not found|Incomplete command)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:System Description|Machine Type|Machine Model|Serial Number|Burned In MAC Address|Software Version|Part Number)\.* /,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])!Current Configuration:\s*\n[\s\S]*^configure\s*\n[\s\S]*^exit\s*(?![\s\S])/,
      idleMs: 60_000,
    },
  ],
  volatile: [/^!System Up Time /, /^!Current SNTP Synchronized Time: /, /^!Current System Time: /],
  logout: ['quit'],
  secrets: [
    /^users passwd "[^"\n]{1,80}" (?:encrypted )?(?<secret>\S{8,400})/,
    /^(?:username|users) "[^"\n]{1,80}" (?:[^\n]{0,60} )?(?:password|passwd) (?<secret>"[^"\n]{1,400}"|\S{1,400})/,
    /^radius server key (?:auth|acct) "[^"\n]{1,80}" (?:encrypted )?(?<secret>"[^"\n]{1,200}"|\S{1,200})/,
    /^snmp-server community (?:ro |rw |ipaddr \S+ |ipmask \S+ |mode )?(?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    /^snmp-server host \S{1,80} (?:traps? |informs? )?(?:version \S{1,4} )?(?<secret>"[^"\n]{1,200}")/,
    ...iosSecrets,
  ],
})
