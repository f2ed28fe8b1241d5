import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * SteelHead, Interceptor and what shares their command line. Each section has a heading behind `##`; nothing marks the end, so the
 * confirmed prompt is the judge of it.
 */
export default defineDriver({
  title: 'Riverbed RiOS (SteelHead)',
  aliases: ['rios', 'riverbed', 'steelhead', 'riverbed_steelhead', 'steelhead_cx', 'interceptor', 'rvbd'],
  comment: '## ',
  channel: 'shell',
  prompt: /^[\w.-]{1,63}(?: \([\w.\- /]{1,40}\))? ?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['no cli session paging enable', 'terminal width 1024'],
  pagers: [{ when: /^lines \d+-\d+.{0,40}$/, send: ' ' }, { when: /^: ?$/, send: ' ' }, ...commonPagers],
  rejected: [/^% ?(?:Unrecognized|Invalid|Incomplete|Ambiguous|Unknown)/, ...iosRejected],
  denied: [/^% ?(?:Insufficient|You do not have|Not authorized)/, ...iosDenied],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Product name|Product release|Product model|Build ID|Build arch|Hardware version|Number of CPUs): /,
    },
    { run: 'show info', as: 'note', keep: /^(?:Serial|Model|Revision|Version|Appliance ID): / },
    {
      run: ['show configuration full', 'show configuration running', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])## ?[^\n]*\n(?=[\s\S]*^ *hostname )[\s\S]*^ *(?:no )?[a-z][\w-]* [^\n]*\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 900_000,
    },
  ],
  volatile: [/^## ?(?:Generated at|Date|Time|Up ?time|Last (?:saved|modified))\b/, /^ *clock set /],
  secrets: [
    /^ *(?:no )?username \S+ password (?:[07] )?(?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:radius|tacacs)-server (?:host \S+ .{0,80}?)?\bkey (?:[07] )?(?<secret>"[^"\n]*[^"\n\s][^"\n]*"|[^\s"]\S*)/,
    /^ *snmp-server (?:trap-)?community (?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server host \S+ traps (?:version \S+ )?(?!(?:version|port|user) )(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server user \S+ (?:password|.{0,80}?\bauth-(?:password|key|proto \S+ )) ?(?:encrypted |plain-text |key )?(?!encrypted |plain-text )(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server user \S+ .{0,240}?\bpriv-(?:key|proto \S+ key)(?: (?:encrypted|plain-text|use-auth-key))? (?<secret>"[^"\n]+"|\S+)/,
    /^ *(?:domain|ip security|web|email|protocol|secure-peering|ssl|job|workgroup|windows|tcpdump|steelhead|cmc|scc|ntp) .{0,160}?\b(?:password|passphrase|shared-secret|secret|pskey|auth-key|key) (?:[07] )?(?!id )(?<secret>"[^"\n]+"|\S+)$/,
    /^ *service shared-secret secret (?:client|server) (?:[07] )?(?<secret>"[^"\n]+"|\S+)/,
    ...iosSecrets.filter(({ source }) => !/snmp-server|radius\|tacacs/.test(source)),
  ],
})
