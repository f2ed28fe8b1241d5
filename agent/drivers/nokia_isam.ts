import { defineDriver } from '../driver.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * 7302, 7330 and 7360: alarms and a spinner are printed between the lines until `environment` puts them off for the session. That
 * command moves into its own context, where commands of the top still work, and the prompt says so: `>#` becomes `>environment#`,
 * as with an enable. There is no end mark; that the last line is a whole one under `configure`, and the confirmed prompt, are the judge.
 * A subscriber's location is the password by which an ONT registers.
 */
export default defineDriver({
  title: 'Nokia ISAM 7302, 7330 and 7360',
  aliases: ['isam', 'isamfx', 'alcatel_isam', 'nokia_isamfx', 'isam_fx', '7302', '7330', '7360'],
  comment: '# ',
  channel: 'shell',
  prompt: /^(?:(?:typ|leg):)?[\w.\-@:]{1,64}>[\w.\->:/()]{0,100}[#$] ?$/,
  enable: {
    run: 'environment inhibit-alarms mode batch print no-more',
    from: />[#$] ?$/,
    password: /^[Pp]assword: ?$/,
  },
  prepare: [],
  rejected: [
    /^(?:Error : )?(?:[Ii]nvalid token|[Cc]ommand is not complete|[Uu]nknown command|[Aa]mbiguous token|[Ii]nvalid command)/,
  ],
  denied: [/^(?:Error : )?.{0,80}\b(?:[Aa]ccess denied|[Pp]ermission denied|not authori[sz]ed|no access rights)/],
  commands: [
    { run: 'show equipment isam detail', as: 'note', keep: /^ *(?:actual-type|description|planned-type) *:/ },
    {
      run: 'show software-mngt oswp detail',
      as: 'note',
      keep: /^ *(?:overall-descriptor-file|availability|oper-status|commit-status|name|primary-file-server-id) *:/,
    },
    {
      run: 'show equipment slot detail',
      as: 'note',
      keep: /^ *(?:slot|planned-type|actual-type|power|manufacturer|mnemonic|pba-code|fpba-code|fpba-ics|clei-code|serial-no) *:/,
    },
    {
      run: 'info configure flat',
      as: 'config',
      complete: /(?<![\s\S])(?:#.*\n|echo .*\n|\n)*configure \S[\s\S]*^(?:configure \S.*|# ?-*|echo ".*")\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 1_200_000,
    },
  ],
  logout: ['logout'],
  secrets: [
    /(?<= )(?:[\w-]{1,20}:)?(?:plain|encrypted):(?<secret>"[^"\n]*"|[^\s"]\S*)/,
    /^configure system security snmp community (?<secret>"[^"\n]*"|\S+)/,
    /^configure system security (?:operator|radius|snmp) .*?\b(?:password|secret) (?!(?:plain|encrypted|hash):)(?<secret>"[^"\n]*"|\S+)/,
    /^configure equipment ont interface .*?\bsubslocid (?!WILDCARD\b|DEFAULT\b)(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
  ],
})
