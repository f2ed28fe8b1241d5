import { defineDriver } from '../driver.ts'
import {
  fortinetCommands,
  fortinetDenied,
  fortinetPrompt,
  fortinetRejected,
  fortinetResalted,
  fortinetSecrets,
} from './shared/fortinet.ts'

/** A switch on its own. One that a FortiGate manages keeps little of its own: read the FortiGate. It is built from FortiOS, and encrypts as that does. */
export default defineDriver({
  title: 'Fortinet FortiSwitchOS',
  aliases: ['fortiswitch', 'fortiswitchos', 'fsw', 'fortinet_fsw'],
  comment: '# ',
  channel: 'shell',
  prompt: fortinetPrompt,
  answers: [{ when: /[Pp]ress ['"]?a['"]? to accept\)?:? ?$/, send: 'a' }],
  rejected: fortinetRejected,
  denied: fortinetDenied,
  commands: fortinetCommands,
  volatile: [/^#conf_file_ver=/],
  secrets: fortinetSecrets,
  resalted: fortinetResalted,
})
