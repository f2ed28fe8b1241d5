import { defineDriver } from '../driver.ts'
import { comwareCommands, comwareDenied, comwarePrompt, comwareRejected, comwareSecrets } from './shared/comware.ts'
import { netconfWay } from './shared/netconf.ts'

/** S5xxx to S12500, MSR, SecPath and WX; firewalls in a pair put `RBM_P` or `RBM_S` before the prompt. */
export default defineDriver({
  title: 'H3C Comware',
  aliases: ['h3c', 'h3c-comware', 'h3c_comware7', 'comware9', 'h3c_secpath'],
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
