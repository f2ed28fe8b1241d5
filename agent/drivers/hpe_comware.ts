import { defineDriver } from '../driver.ts'
import { comwareCommands, comwareDenied, comwarePrompt, comwareRejected, comwareSecrets } from './shared/comware.ts'
import { netconfWay } from './shared/netconf.ts'

/** A5xxx, 59xx, MSR and others of 3Com descent, not ProCurve. `screen-length disable` holds for the session. */
export default defineDriver({
  title: 'HPE Comware',
  aliases: ['comware', 'hp_comware', 'hp_comware_ssh', 'hpe-comware', 'comware7', 'comware5', 'flexnetwork', '3com'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: comwarePrompt,
  prepare: ['screen-length disable'],
  rejected: comwareRejected,
  denied: comwareDenied,
  commands: comwareCommands,
  logout: ['quit'],
  secrets: comwareSecrets,
})
