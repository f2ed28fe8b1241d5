import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Avocent, Cyclades and Vertiv ACS 6000, 800 and 8000. `list_configuration` prints what its own command line takes back.
 * It has no end mark, so the confirmed prompt is the judge.
 */
export default defineDriver({
  title: 'Vertiv Avocent ACS',
  aliases: ['acs', 'avocent', 'acs6000', 'acs8000', 'vertiv_acs', 'cyclades_acs', 'cyclades'],
  comment: '# ',
  channel: 'shell',
  prompt: /^(?:--:[-#] )?[^\n]{0,80}cli-> ?$/,
  answers: [{ when: /^\[[\w.-]{1,40}@[\w.-]{1,64} [^\]\n]{1,60}\][$#] ?$/, send: 'cli' }],
  pagers: [{ when: /^ *--More--.{0,40}$/, send: ' ' }, { when: /^-- ?[Mm]ore.{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [/^(?:Error: |Invalid command|Syntax error|.{0,60}[Cc]ommand not found|Unknown command)/],
  denied: [/^(?:Error: )?(?:Permission denied|Access denied|Not authorized)/],
  commands: [
    {
      run: 'show /system/information',
      as: 'note',
      keep: /^ *(?:[Tt]ype|[Mm]odel|[Pp]art[_ ][Nn]umber|[Ss]erial[_ ][Nn]umber|[Ff]irmware(?:[_ ][Vv]ersion)?|[Bb]oot ?code(?:[_ ][Vv]ersion)?|cpu) ?[:=]/,
    },
    {
      run: 'list_configuration',
      as: 'config',
      complete:
        /(?<![\s\S])(?:#[^\n]*\n){0,9}(?:cd|set|add|batch_mode)\b[^\n]*\n[\s\S]*^(?:commit|cd|set|add|finish|exit|batch_mode)\b[^\n]*\s*(?![\s\S])/,
      totalMs: 300_000,
    },
  ],
  logout: ['quit'],
  secrets: [
    /(?<![\w-])(?:[\w-]{0,40}(?:password|secret|passphrase|psk|community|community_name|shared_key|private_key)|pin|key)=(?<secret>"[^"\n]{1,2000}"|'[^'\n]{1,2000}'|[^\s"']{1,2000})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
