import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Without `ip ssh password-auth` the switch lets SSH in and asks for name and password then. It prints no end mark. What a whole configuration has: the header with the rules for secrets, a closed block, and behind the
 * last closed block nothing but lines of the top level that open none. A cut between two such lines is seen only by the
 * missing prompt.
 */
export default defineDriver({
  title: 'Cisco Small Business and Catalyst 1200/1300',
  aliases: [
    'ciscosmb',
    'cisco_s300',
    'cisco_s200',
    'cisco_s350',
    'cisco-sb',
    'csb',
    'sg300',
    'sg350',
    'sg500',
    'cbs',
    'cbs350',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  login: { username: /^User ?[Nn]ame: ?$/, password: /^Password: ?$/, afterSsh: true },
  enable: iosEnable,
  pagers: [
    { when: /^More: <space>,\s{1,3}Quit: q(?: or CTRL\+Z)?,\s{1,3}One line: <return> ?$/, send: ' ' },
    ...commonPagers,
  ],
  prepare: ['terminal datadump', 'terminal width 0'],
  rejected: [/^% ?(?:[Uu]nrecognized|[Ii]ncomplete|[Aa]mbiguous|[Mm]issing|[Bb]ad|[Ww]rong)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:(?:SW|Boot|HW) version|Active-image: | {2}Version: |Unit +SW| {2,}\d +\d+\.\d+\.\d)/,
    },
    {
      run: 'show system',
      as: 'note',
      keep: /^(?:System (?:Description|Name|MAC [Aa]ddress|Object ID)| {2,}\d +(?:SG|SF|SX|CBS|C1[23]00|ESW)\S*)/,
    },
    { run: 'show inventory', as: 'note', keep: /^ *(?:NAME|PID): / },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])config-file-header *\n(?=[\s\S]*^ssd-control-end )[\s\S]*^(?:exit|!) *\n(?:(?!(?:interface|vlan database|line|policy-map|class-map|ip access-list|mac access-list|ip dhcp pool|router)\b)(?:\S.*)?\n)*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  // From 3.2 on long lines are broken by a backslash.
  unwrap: /\\\n {4,20}/,
  secrets: [
    /^ *(?:encrypted )?enable password(?: level \d{1,2}| encrypted){0,2} (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?username \S+ password(?: encrypted)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?password (?!complexity|aging|min-length)(?<secret>"[^"\n]*"|\S+)(?: encrypted)?$/,
    /^ *(?:encrypted )?(?:radius|tacacs)-server (?:host \S+ .{0,120}?)?\bkey (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?radius server (?:nas|user) .*?\b(?:secret key|password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?snmp-server host \S+ (?:traps? |informs? |version (?:1|2c?) )*(?!(?:version|traps?|informs?|udp-port) )(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?snmp-server user \S+ .*?\bauth \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?snmp-server user \S+ .*?\bpriv (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?sntp authentication-key \d+ md5 (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?ip ssh-client (?:server )?password (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?(?:ip (?:ospf|rip) .*?\b(?:authentication-key|message-digest-key \d+ md5)|key-string(?! row )|dot1x credentials password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:encrypted )?(?:ssd config )?passphrase (?<secret>"[^"\n]*"|\S+)$/,
    /---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----\n(?:Comment: .{0,200}\n)?(?<secret>[^-]{1,20000})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
