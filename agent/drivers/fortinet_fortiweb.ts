import { defineDriver } from '../driver.ts'
import {
  fortinetCommands,
  fortinetDenied,
  fortinetPrompt,
  fortinetRejected,
  fortinetSecrets,
} from './shared/fortinet.ts'

/** Certificates and their keys stand in the configuration; uploaded pages, scripts and signatures do not. */
export default defineDriver({
  title: 'Fortinet FortiWeb',
  aliases: ['fortiweb', 'fwb', 'fortinet_waf'],
  comment: '# ',
  channel: 'shell',
  prompt: fortinetPrompt,
  rejected: fortinetRejected,
  denied: fortinetDenied,
  commands: fortinetCommands,
  volatile: [/^#conf_file_ver=/],
  secrets: fortinetSecrets,
})
