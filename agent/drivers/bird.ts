import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected, printFiles, scriptRuns, wholeFiles } from './shared/posix.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * BIRD prints no configuration: its files are read, those that it includes too. `birdc -r` is the restricted mode, in which
 * BIRD itself refuses whatever is more than looking.
 */
const status = 'PATH=$PATH:/usr/sbin:/usr/local/sbin birdc -r show status'
const places = '/etc/bird /etc/bird.conf /etc/bird6.conf /usr/local/etc/bird /usr/local/etc/bird.conf'

export default defineDriver({
  title: 'BIRD Internet Routing Daemon',
  aliases: ['birdc', 'bird2', 'bird3'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: posixDenied,
  commands: [
    {
      run: [status, `sudo -n sh -c '${status}'`],
      as: 'note',
      keep: /^(?:BIRD v?\d[\w.+-]*$|Router ID is |Hostname is )/,
    },
    { run: scriptRuns(printFiles(places)), as: 'config', complete: wholeFiles },
  ],
  secrets: [
    // RIP, OSPF, Babel and BGP, alone or in a block of keys; in comments too
    /(?<![\w"])(?:password|secret) "(?<secret>[^"\n]{1,400})"/,
    // the same as bytes
    /(?<![\w"])(?:password|secret) (?<secret>(?:hex:)?[\da-fA-F]{2}(?::?[\da-fA-F]{2}){3,200})\b/,
    ...urlSecrets,
  ],
})
