import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Alteon, under the names of Alteon WebSystems, Nortel and Radware. The dump is a script with a first and a last line of its
 * own, so a part of it is never taken for the whole.
 */
export default defineDriver({
  title: 'Radware Alteon',
  aliases: ['alteon', 'alteonos', 'radware', 'alteon_ssh', 'nortel_alteon', 'alteon-os'],
  comment: '/* ',
  channel: 'shell',
  prompt: /^>> [\w.\- ()[\]*&/]{1,90}# ?$/,
  answers: [{ when: /Confirm seeing above note \[y\]: ?$/, send: 'y' }],
  pagers: [{ when: /^Press q to quit, any other key to continue.{0,10}$/, send: ' ' }, ...commonPagers],
  rejected: [/^Error: (?:[Uu]nknown (?:command|menu)|[Bb]ad command|[Ii]nvalid)/, /^(?:Unknown|Ambiguous) command/],
  denied: [/^(?:Error: )?.{0,60}(?:[Nn]ot (?:permitted|authorized|allowed)|[Pp]ermission denied|[Aa]ccess denied)/],
  commands: [
    {
      run: '/info/sys/general',
      as: 'note',
      keep: /^(?:Alteon .*|Board +Name|(?:Main|Hardware|Serial|Base|Platform).{0,24} (?:No|Number|Order No|Part No|MAC)\S*:|MAC Address:|(?<keep>Software Version \S+))/,
    },
    {
      run: '/cfg/dump',
      as: 'config',
      complete: /(?<![\s\S])script start "[^"\n]*"[\s\S]*^script end {1,4}\/\*{4} DO NOT EDIT THIS LINE!\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^\/\* Configuration dump taken /, /^\/\* Configuration last (?:apply|save|changed)/],
  secrets: [
    /^[ \t]+e?(?:\w{0,12}pw|\w{0,12}pswd|\w{0,12}passwd|\w{0,12}password|\w{0,8}secret\d?|[rwt]comm|comm|key|mdkey|\w{0,8}pass|passphrase|psk) (?!enabled$|disabled$|none$|ena$|dis$)(?<secret>"[^"\n]*"|\S+)/,
    /^\/c\/sys\/access\/user\/\S{0,20}(?:pw|pswd) (?<secret>"[^"\n]*"|\S+)/,
    /^\/c\/\S{1,60} .{0,80}?\b(?:pswd|passwd|secret|[rw]comm) (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
  logout: ['exit'],
})
