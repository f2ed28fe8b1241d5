import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected } from './shared/posix.ts'
import { systemCfgRuns, systemCfgSecrets, wholeSystemCfg } from './shared/ubiquiti.ts'

/** airMAX, airFiber and LTU radios. The file that runs, as the web page saves it; comments in it are of no use to a restore. */
export default defineDriver({
  title: 'Ubiquiti airOS',
  aliases: ['airos', 'airmax', 'ubnt_airos', 'airfiber', 'ubiquiti_airmax'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: posixDenied,
  commands: [
    { run: 'cat /etc/version', as: 'note', keep: /^[\w.-]*v?\d+\.\d+/ },
    {
      run: 'cat /etc/board.info',
      as: 'note',
      keep: /^board\.(?:sysid|name|shortname|subtype|hwaddr|netmodel|model|reboot|upgrade)=/,
    },
    { run: systemCfgRuns, as: 'config', complete: wholeSystemCfg },
  ],
  secrets: systemCfgSecrets,
})
