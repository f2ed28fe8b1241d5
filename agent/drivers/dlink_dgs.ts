import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosSecrets } from './shared/ios-like.ts'

/**
 * Two command lines: xStack (DES-3xxx, DGS-3xxx) with `show config` and its own end mark; the newer DGS-1510, DGS-3630 after the example
 * of IOS. `disable clipaging` would be a change of the configuration, so the pager is answered: `a` prints all that is left.
 */
const field = '(?<secret>"[^"\\n]*"|\\S+)'
export default defineDriver({
  title: 'D-Link xStack and DGS switches',
  aliases: ['dlink', 'd-link', 'dlink_ds', 'dlink_ds_telnet', 'xstack', 'dlinknextgen'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-/@+]{1,63}(?::[\w-]{1,20})?[>#] ?$/,
  enable: { run: 'enable', from: /^[^:]{1,63}> ?$/, password: /^[Pp]ass[Ww]ord: ?$/ },
  prepare: ['terminal length 0'],
  pagers: [
    { when: /^.{0,20}CTRL\+C +ESC +q +Quit .{0,80}\ba +All *$/, send: 'a' },
    { when: /^.{0,20}CTRL\+C +ESC +q +Quit .{0,80}$/, send: 'q' },
    ...commonPagers,
  ],
  rejected: [
    /^ *(?:Available commands:|Next possible completions:|Command: .{0,80}\? *$|[Ii]nvalid input|% ?Invalid|% ?Incomplete|% ?Ambiguous)/,
  ],
  denied: [
    /^ *(?:Not enough privilege|You (?:do not|don't) have (?:the )?privilege|Insufficient privilege)/,
    ...iosDenied,
  ],
  commands: [
    {
      run: ['show switch', 'show version'],
      as: 'note',
      keep: /^ *(?:(?:Device Type|MAC Address|Boot PROM Version|Firmware Version|Hardware Version|Serial Number|System (?:Name|Location|Contact))\b.*:|(?:System MAC Address|Module Name|Unit ID):)|^ *\d +(?:DGS|DES|DXS)-\S+ .*(?:H\/W|Runtime|Bootloader)/,
    },
    {
      run: ['show config current_config', 'show config effective', 'show running-config'],
      as: 'config',
      complete:
        /(?<![\s\S])(?:#-+\n#[\s\S]*^# +End of configuration file for \S[\s\S]*^#-+|[\s\S]*^interface \S[\s\S]*^end)\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 600_000,
    },
  ],
  volatile: [
    /^# Switch .{0,80} configuration saved at /,
    /^ *(?:Command: show config|Building configuration|Current configuration : )/,
  ],
  logout: ['logout'],
  secrets: [
    new RegExp(`^create account \\S+ \\S+\\n(?!#|(?:create|config|enable|disable|delete) )${field}$`),
    new RegExp(
      `^create account \\S+ \\S+\\n(?!#|(?:create|config|enable|disable|delete) )\\S+\\n(?!#|(?:create|config|enable|disable|delete) )${field}$`,
    ),
    new RegExp(`^(?:create|config) account .{0,80}?\\bencrypt(?:ed)? (?:plain_text|sha_1|by_\\w+ \\S+) ${field}`),
    new RegExp(`^config admin local_enable.{0,40}?(?:plain_text|sha_1) ${field}`),
    new RegExp(`^create snmp community ${field}`),
    new RegExp(`^create snmp host \\S+ (?:v1|v2c) ${field}`),
    new RegExp(`^create snmp user .{0,120}?\\bauth (?:md5|sha) ${field}`),
    new RegExp(`^create snmp user .{0,160}?\\bpriv des ${field}`),
    new RegExp(
      `^(?:create|config) (?:radius|authen server_host|accounting|tacacs\\S*) .{0,160}?\\bkey (?:encryption_key )?(?!none\\b)${field}`,
    ),
    new RegExp(
      `^(?:create|config) (?:ospf|rip|vrrp|md5|bgp) .{0,160}?\\b(?:authdata|authentication (?:simple|enable|text)|password|key \\d{1,3}) ${field}`,
    ),
    new RegExp(
      `^(?:create|config) (?:802\\.1x user|wac user|jwac user|mac_based_access_control).{0,80}?\\b(?:password|key) ${field}`,
    ),
    ...iosSecrets,
  ],
})
