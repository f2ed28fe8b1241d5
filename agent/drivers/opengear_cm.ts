import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Console servers with the classic firmware: ACM, CM, IM, SD. The whole tree as `name value`, which `config -s` takes; a
 * line of our own proves that it came whole.
 */
const shown = 'PATH=$PATH:/bin:/usr/bin; config -g config && echo "# end of configuration"'

export default defineDriver({
  title: 'Opengear console servers (ACM, CM, IM)',
  aliases: ['opengear', 'opengear_im', 'opengear_acm', 'opengear_lighthouse'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: [...posixRejected, /^config: error: /],
  denied: [...posixDenied, /^(?:config: )?.{0,60}(?:[Pp]ermission denied|must be root)/],
  commands: [
    { run: 'cat /etc/version', as: 'note', keep: /^(?<keep>OpenGear\/\S+ Version \S+ \S*)/ },
    { run: 'showserial', as: 'note', keep: /^[\w-]{6,40}$/ },
    {
      run: [`sh -c '${shown}'`, `sudo -n sh -c '${shown}'`],
      as: 'config',
      complete: /(?<![\s\S])config\.\S+ [^\n]*\n[\s\S]*^config\.\S+[\s\S]*^# end of configuration\n*(?![\s\S])/,
    },
  ],
  secrets: [
    /^config\.[\w.-]{1,200}\.(?:[\w-]{0,40}(?:password|passwd|passphrase|secret|psk|community|token|apikey)|pin|key|wpa_?key|wep_?key\d?|privkey|authkey|shared_?key)\d{0,2} (?!on$|off$|yes$|no$|\d$|\/)(?<secret>\S.{0,2000})$/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
