import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * The operating system of a gateway or management server, as Clish prints it; policies belong to the management data base.
 * `set clienv rows 0` holds for this session, since nothing saves it. No end mark: the head names the system, and the confirmed
 * prompt is the judge of the end. Whose shell is Bash gets Clish.
 */
export default defineDriver({
  title: 'Check Point Gaia',
  aliases: ['gaia', 'checkpoint', 'check_point', 'checkpoint_gaia_ssh', 'gaiaos', 'gaia_os', 'check point'],
  comment: '# ',
  channel: 'shell',
  prompt: /^(?!\[)[\w.-]{1,64}(?::\d{1,4}|:[A-Z]{3,10}(?:-\d{1,2})?){0,2}> ?$/,
  answers: [{ when: /^\[Expert@[\w.:-]{1,80}\]# ?$/, send: 'clish' }],
  prepare: ['set clienv rows 0'],
  pagers: [{ when: /^-- ?[Mm]ore ?--.{0,20}$/, send: ' ' }],
  rejected: [/^CLINFR\d{4} +(?:Invalid|Incomplete|Ambiguous) /],
  denied: [
    /^(?:CLINFR\d{4} +)?.{0,60}(?:[Ii]nsufficient permission|[Pp]ermission denied|not authorized|no permission)/,
  ],
  commands: [
    { run: 'show version all', as: 'note', keep: /^(?:Product version|OS build|OS kernel version|OS edition) / },
    {
      run: 'show asset all',
      as: 'note',
      keep: /^(?:Platform|Model|Serial Number|MAC Address|CPU Model|Line card \d+ (?:model|type)): /,
    },
    {
      run: 'show configuration',
      as: 'config',
      complete: /(?<![\s\S])#\n# Configuration of [^\n]+\n(?=[\s\S]*^(?:set|add) )[\s\S]*\n(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 60_000,
    },
  ],
  volatile: [/^# Exported by \S+ on /, /^CLINFR0771 /],
  secrets: [
    /^(?:set|add) user \S+ .*?\bpassword(?:-hash)? (?!\*$)(?<secret>"[^"\n]*"|\S+)/,
    /^set (?:expert-password|grub2-password|maintenance-password)(?:-hash)? (?<secret>"[^"\n]*"|\S+)/,
    /^(?:set|add) (?:aaa|tacacs|radius) .*?\b(?:secret|key|shared-secret) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:set|add) snmp community (?<secret>"[^"\n]*"|\S+)/,
    /^(?:set|add) snmp (?:traps receiver|usm user) .*?\b(?:community|auth-pass-phrase(?:-hashed)?) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:set|add) snmp .*?\bprivacy-pass-phrase(?:-hashed)? (?<secret>"[^"\n]*"|\S+)/,
    /^set (?:bgp|ospf|ospf2|rip|isis|pim|vrrp|ipv6|mcvr|instance) .*?\b(?:secret|password|simple(?! password)|key-string|auth-password) (?!off\b|on\b)(?<secret>"[^"\n]*"|\S+)/,
    /^(?:set|add) (?:pppoe|adsl|modem|ppp|dialup|cloning-group|mail-notification|proxy|ntp|netflow|syslog|backup\S*|snapshot\S*) .*?\b(?:password|secret|pass) (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
