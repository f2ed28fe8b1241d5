import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'

/** Ciphertext stands between marks such as `%^%#`, whatever the command; older forms follow `cipher`, `simple` or `plain`. */
export default defineDriver({
  title: 'Huawei VRP',
  aliases: ['vrp', 'huawei', 'huawei_vrpv8', 'huawei_ssh', 'huawei-vrp', 'vrpv8'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^(?:HRP_[A-Z])?<[\w.\-/@:+~ ]{1,64}>$/,
  answers: [{ when: /\[Y\/N\] ?:? ?$/, send: 'N' }],
  prepare: ['screen-length 0 temporary'],
  rejected: [/^(?:Error: ?|% ?)(?:Unrecognized|Incomplete|Ambiguous|Wrong parameter|Too many parameters)/],
  denied: [/^Error: ?(?:You do not have permission|No permission|Permission denied|.*no right)/],
  commands: [
    { run: 'display version', as: 'note', keep: /^(?:Huawei Versatile|VRP \(R\)|BootROM +Version|BootLoad Version)/ },
    {
      run: ['display device manufacture-info', 'display esn'],
      as: 'note',
      keep: /^(?:Slot +Sub|ESN )|\d{4}-\d\d-\d\d *$/,
    },
    { run: 'display startup', as: 'note', keep: /:/ },
    { run: 'display patch-information', as: 'note', keep: /^Patch (?:Package )?(?:Name|Version)/ },
    {
      run: 'display current-configuration',
      as: 'config',
      complete: /(?<![\s\S])[\s\S]*^# *\nreturn\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^!Last configuration was /],
  logout: ['quit'],
  secrets: [
    /(?<secret>(?<mark>%\^%#|%@%@|%\$%\$|@%@%|%#%#|%\+%#).{1,800}?\k<mark>)/,
    /^ *(?!description |rule |remark |header |undo |md5-password |ssh (?:server|client) )\S.*?\b(?:simple (?:plain |cipher )?|plain |cipher |irreversible-cipher )(?<secret>"[^"\n]+"\S*|\S+)/,
    /^ *(?!description |rule |remark |header |undo |md5-password |ssh (?:server|client) )\S.*\b(?:plain|cipher) (?<secret>"[^"\n]+"\S*|\S+)/,
    /^ *md5-password (?:plain|cipher) \S+ (?<secret>\S+)/,
    /^ *snmp-agent community (?:read|write) (?!cipher )(?<secret>\S+)/,
    /^ *snmp-agent target-host .*?\bsecurityname (?!cipher )(?<secret>\S+)(?!\S| v3\b)/,
    /^ *snmp-agent usm-user v3 .*?\bauthentication-mode \S+ (?!cipher )(?<secret>\S+)/,
    /^ *snmp-agent usm-user v3 .*?\bprivacy-mode \S+ (?!cipher )(?<secret>\S+)/,
    /^ *(?:radius|hwtacacs)-server .*?\bshared-key (?!cipher |simple )(?<secret>\S+)/,
    /^ *pre-shared-key (?!cipher |simple |plain )(?<secret>\S.*)$/,
    /^ *vrrp vrid \d+ authentication-mode (?:simple|md5) (?!plain |cipher )(?<secret>\S+)/,
    /\bpass-phrase (?!(?:\d )?(?:cipher|simple) )(?:\d )?(?<secret>\S+)/,
    /:\/\/[^\s:/@]{1,64}:(?<secret>\S{1,128})@/,
  ],
})
