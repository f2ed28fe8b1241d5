import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * MA5600, MA5800 and EA5800. While the smart function of the session is on, a command that could go on is answered by what may
 * follow, such as `{ <cr>|section<K> }:`, so it is put off first. Sections stand in brackets.
 */
export default defineDriver({
  title: 'Huawei SmartAX',
  aliases: [
    'smartax',
    'huawei_smartax_ssh',
    'ma5600',
    'ma5600t',
    'ma5603',
    'ma5608t',
    'ma5680t',
    'ma5800',
    'ea5800',
    'huawei_olt',
  ],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-/@+ ]{1,64}(?:\([\w\-/. ]{1,40}\))?[>#]$/,
  answers: [{ when: /\[Y\/N\] ?:? ?$/, send: 'N' }],
  enable: { run: 'enable', from: />$/, password: /^(?:>>)?(?:User )?[Pp]assword: ?$/ },
  prepare: ['undo smart', 'scroll 512'],
  pagers: [
    { when: /^\{ ?<cr>\|.{1,400}\}: ?$/, send: '\r' },
    { when: /^\{ ?<cr> ?\}: ?$/, send: '\r' },
    ...commonPagers,
  ],
  rejected: [/^ *% ?(?:Unknown|Incomplete|Ambiguous|Too many|Parameter error|Unrecognized|Invalid)/],
  denied: [
    /^ *(?:% ?|Failure: ?)(?:.{0,60}(?:no enough (?:right|privilege)|permission|not authori[sz]ed|insufficient))/,
  ],
  commands: [
    { run: 'display version', as: 'note', keep: /^ *(?:VERSION|PATCH|PRODUCT) *:/ },
    { run: 'display board 0', as: 'note', keep: /^ *(?<keep>\d{1,2} +H\w+)/ },
    {
      run: 'display current-configuration',
      as: 'config',
      complete: /(?<![\s\S])\s*(?:\[[^\]\n]+\]|#)\n(?=[\s\S]*^\[[\w-]+\]$)[\s\S]*^# *\n *return\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 1_200_000,
    },
  ],
  volatile: [
    /^ {1,4}Command: *$/,
    /^ {6,12}display (?:version|board 0|current-configuration) *$/,
    /^Command is being executed/,
  ],
  logout: ['quit', 'y'],
  secrets: [
    /(?<secret>(?<mark>%\^%#|%@%@|%\$%\$|@%@%|%#%#|%\+%#|!!!?(?=\S{20})).{1,800}?\k<mark>)/,
    // hashes of local users, one or several in a line: *j$3b$…$*, of old releases *…*
    /(?<= )(?<secret>\*[^\s*$]{0,8}\$\d[a-z]?\$\S{8,300}?\$\*)(?!\S)/,
    /^ *terminal user name \S+ \S+ (?<secret>\*[^*\s$]{8,200}\*)/,
    /^ *(?!description |rule |remark |header |undo |sysname |ont |service-port |vlan |board |ssh (?:server|client) )\S.*?\b(?:cipher|irreversible-cipher|simple) (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-agent community (?:read|write) (?!cipher )(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-agent target-host .*?\bsecurityname (?!cipher )(?<secret>"[^"\n]+"|\S+)(?!\S| v3\b)/,
    /^ *snmp-agent usm-user .*?\bauthentication-mode \S+ (?:cipher )?(?<secret>\S+)/,
    /^ *snmp-agent usm-user .*?\bprivacy-mode \S+ (?:cipher )?(?<secret>\S+)/,
    /^ *(?:(?:radius|hwtacacs|tacacs)-server )?(?:shared-key|key (?:authentication|accounting)) (?!cipher )(?<secret>"[^"\n]+"|\S+)/,
    /^ *ont (?:add|modify) .*?\bpassword-auth (?<secret>"[^"\n]+"|\S+)/,
    /^ *ont (?:add|modify) .*?\bcheckcode-auth (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:esl user|sippstnuser|sip\S*|mgpstnuser) .*?\b(?:password-mode )?(?:password|auth-password) (?!password-auth)(?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:ospf|isis|rip|bgp|ntp-service|peer|vrrp|area-\S+|domain-\S+) ?.*?\b(?:authentication-mode (?:md5|simple)(?: \d+)?|password) (?!cipher |simple |plain )(?<secret>"[^"\n]+"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
