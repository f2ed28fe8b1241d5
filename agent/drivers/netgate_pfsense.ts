import { defineDriver } from '../driver.ts'
import { posixDenied, posixRejected } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'
import { senseSecrets } from './shared/sense.ts'

/**
 * One XML file is the whole configuration. An exec channel passes the console menu by; where there is none, `8` leaves the
 * menu for a shell.
 */
export default defineDriver({
  title: 'Netgate pfSense',
  aliases: ['pfsense', 'pfsense_plus', 'netgate'],
  comment: '<!-- ',
  commentEnd: ' -->',
  channel: 'exec',
  prompt: /^(?:\[[^\]\n]{1,80}\](?:\[[^\]\n]{1,80}\])?[^\n]{0,40}: ?|[\w.@:~/-]{1,80}[#$%] ?)$/,
  answers: [{ when: /^Enter an option: ?$/, send: '8' }],
  rejected: [...posixRejected, /^cat: .*No such file/],
  denied: posixDenied,
  commands: [
    { run: 'cat /etc/version', as: 'note' },
    { run: 'uname -srm', as: 'note' },
    { run: 'kenv -q smbios.system.product', as: 'note' },
    { run: 'kenv -q smbios.system.serial', as: 'note' },
    {
      run: ['cat /cf/conf/config.xml', 'sudo -n cat /cf/conf/config.xml'],
      as: 'config',
      complete: /(?<![\s\S])<\?xml[^\n]*\?>\n<pfsense>\n[\s\S]*^<\/pfsense>\n*(?![\s\S])/,
    },
  ],
  logout: ['exit'],
  secrets: [...senseSecrets, ...urlSecrets, ...pemSecrets],
})
