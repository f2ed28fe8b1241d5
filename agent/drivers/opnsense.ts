import { defineDriver } from '../driver.ts'
import { posixDenied, posixRejected } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'
import { senseSecrets } from './shared/sense.ts'

/**
 * One XML file is the whole configuration. An exec channel passes the console menu by; where there is none, `8` leaves the
 * menu for a shell. Another user than root needs sudo without a password.
 */
export default defineDriver({
  title: 'OPNsense',
  aliases: ['opn_sense', 'deciso_opnsense'],
  comment: '<!-- ',
  commentEnd: ' -->',
  channel: 'exec',
  prompt: /^[\w.@:~/-]{1,80}[#$%] ?$/,
  answers: [{ when: /^Enter an option: ?$/, send: '8' }],
  rejected: [...posixRejected, /^cat: .*No such file/],
  denied: posixDenied,
  commands: [
    { run: 'opnsense-version', as: 'note', keep: /^OPNsense / },
    { run: 'uname -srm', as: 'note' },
    { run: 'kenv -q smbios.system.product', as: 'note' },
    { run: 'kenv -q smbios.system.serial', as: 'note' },
    {
      run: ['sudo -n cat /conf/config.xml', 'cat /conf/config.xml'],
      as: 'config',
      complete: /(?<![\s\S])<\?xml[^\n]*\?>\n<opnsense>\n[\s\S]*^<\/opnsense>\n*(?![\s\S])/,
    },
  ],
  secrets: [...senseSecrets, ...urlSecrets, ...pemSecrets],
})
