import { defineDriver } from '../driver.ts'
import {
  fortinetCommands,
  fortinetDenied,
  fortinetPrompt,
  fortinetRejected,
  fortinetSecrets,
} from './shared/fortinet.ts'

/** With virtual domains the configuration comes as `config global`, then `config vdom`. */
export default defineDriver({
  title: 'Fortinet FortiADC',
  aliases: ['fortiadc', 'fadc', 'fortinet_adc'],
  comment: '# ',
  channel: 'shell',
  prompt: fortinetPrompt,
  rejected: fortinetRejected,
  denied: fortinetDenied,
  commands: fortinetCommands,
  secrets: fortinetSecrets,
})
