import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * SmartNode gateways with SmartWare, and Trinity, its successor. The head is a box of comments with the time of the reading in it. There is
 * no end mark: the version of the command line first and an indented word or `no shutdown` last, so the confirmed prompt judges the end. No sample
 * by the vendor was at hand: head and lines are not confirmed.
 */
export default defineDriver({
  title: 'Patton SmartNode (SmartWare, Trinity)',
  aliases: ['smartware', 'patton', 'smartnode', 'trinity', 'patton_trinity', 'patton_smartnode', 'inalp'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-:@]{1,63}(?:\([\w.-]{1,40}\)(?:\[[\w.\-/ ]{1,60}\])?)?[>#] ?$/,
  enable: iosEnable,
  prepare: [],
  pagers: [{ when: /^-- ?[Mm]ore ?--.{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:% ?(?:Unknown|Invalid|Incomplete|Ambiguous)|Unknown command|\^)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Productname|Product [Nn]ame|Product [Cc]ode|Software Version|Supplier|Provider|Subscriber|Hardware Version|Serial [Nn]umber|PLD Version|Information for Slot \d) *:?/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])#-{3,}#\n(?:#[^\n]*\n)*(?=[\s\S]*^(?:cli version|banner|timezone|profile|system|context|actions)\b)[\s\S]*^ *\w[^\n]*\n*(?![\s\S])/,
      totalMs: 240_000,
    },
  ],
  volatile: [/^# +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* *#?$/],
  secrets: [
    /^ *(?:administrator|operator|superuser|user|username) \S+ (?:.{0,60}? )?password (?:hash )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp (?:community|target-community|v1-v2c community) (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp target \S+ .*?\bcommunity (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:authentication|identification|username|credentials|pppoe|ppp|web-proxy) .*?\bpassword (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:password|shared-secret|pre-?shared-key|esp-(?:encryption|authentication)-key|psk|key|secret|passphrase) (?:encrypted |hash |ascii |hex )?(?!\d$)(?<secret>"[^"\n]*"|\S+)(?: encrypted)?$/,
    /^ *(?:radius-client|tacacs-client|server) .*?\b(?:shared-)?secret (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
