import { commonPagers, defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'

/**
 * The brace form, because `load override` takes it and nothing else restores a device. It has no end marker. What a whole
 * one has: `version` first, a statement or a brace of the top level last, and neither an `error:` of the management daemon nor a refusal between.
 */
export default defineDriver({
  title: 'Juniper Junos OS',
  aliases: ['junos', 'juniper', 'juniper-junos', 'juniper-srx', 'juniper_junos_ssh', 'junos-evolved', 'junos-evo'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: /^(?:[\w.-]+@)?[\w.:-]+> ?$/,
  // root lands in the shell of the operating system beneath
  answers: [{ when: /^(?:root@[\w.:-]*(?:[%#]|:[~/]\S* ?[%#])|%|#) ?$/, send: 'cli' }],
  // settings of this session alone, in operational mode
  prepare: ['set cli complete-on-space off', 'set cli screen-length 0', 'set cli screen-width 0'],
  pagers: commonPagers,
  rejected: [/^(?:syntax error|unknown command|error: (?:syntax error|unknown command|command is not valid))/],
  denied: [/^(?:error: )?(?:[Pp]ermission denied|no permission)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:fpc\d+:|node\d+:|Hostname:|Model:|Junos:|JUNOS (?:Software Release|Base OS boot))/,
    },
    { run: 'show chassis hardware | no-more', as: 'note', keep: /^(?!\{|-+$) *\S/ },
    {
      // `display omit` also prints what `apply-flags omit` hides; a release that does not know it gets the plain one
      run: ['show configuration | display omit | no-more', 'show configuration | no-more'],
      as: 'config',
      complete:
        /^version [^\n]+;\n(?![\s\S]*^(?:error: |\s*\/\* ACCESS-DENIED))(?:[\s\S]*\n)?(?:\}|\w[^\n]*;)(?: ##[^\n]*)?\n*(?![\s\S])/,
      totalMs: 240_000,
    },
  ],
  volatile: [
    /^## Last (?:commit|changed): /,
    /^\{(?:master|backup|linecard|primary|secondary|secondary-hold|hold|lost|disabled|ineligible)(?::\w+)?\}$/,
    /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d$/, // `set cli timestamp`
  ],
  secrets: [
    /"(?<secret>\$\d\w*\$[^"\n]+)"/, // $1$ $5$ $6$ hashes, $8$ $9$ reversible; brace and set form
    /^ +(?!(?:ssh-|ecdsa-|sk-)\S+ )[\w-]+ (?:[^"\n]* )?"(?<secret>[^"\n]+)"; ## SECRET-DATA$/,
    /^ +[^"\s](?:[^"\n]* )?(?<secret>[^"\s]+); ## SECRET-DATA$/,
    /^ +"(?<secret>[^"\n]+)"; ## SECRET-DATA$/, // alone in braces: a certificate with its key
    // SNMP communities; those of policy-options have `members`, or stand in a term
    /^ +community (?<secret>"[^"\n]+"|[^\s;{"]+) \{\n +(?:authorization|clients?|client-list-name|view|routing-instance|logical-system)\b/,
    /^ {4}community (?<secret>"[^"\n]+"|[^\s;{"]+);$/,
    /^set (?:(?:groups|logical-systems) \S+ )?snmp community (?<secret>"[^"\n]+"|\S+)/,
    /^ +community-name "?(?<secret>[^"\s;]+)/,
    /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\n|\n)(?<secret>[^-"]+)/,
    /:\/\/[^\s/:@"]+:(?<secret>[^\s@"/]+)@/,
  ],
})
