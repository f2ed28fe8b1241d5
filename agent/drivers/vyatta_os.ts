import { defineDriver } from '../driver.ts'
import {
  vyattaDenied,
  vyattaPagers,
  vyattaPrompt,
  vyattaRejected,
  vyattaSecrets,
  wholeVyatta,
} from './shared/vyatta.ts'

/** Vyatta, Brocade 5400 and 5600 vRouter, AT&T vRouter. Old releases have no list of commands, only braces. */
export default defineDriver({
  title: 'Vyatta, Brocade and AT&T vRouter',
  aliases: ['vyatta', 'brocade_vrouter', 'vrouter', 'att_vrouter', 'danos'],
  comment: '# ',
  channel: 'shell',
  prompt: vyattaPrompt,
  prepare: ['set terminal length 0', 'terminal length 0'],
  pagers: vyattaPagers,
  rejected: vyattaRejected,
  denied: vyattaDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Version|Description|System type|Boot via|HW model|HW S\/N|HW UUID|Hypervisor): /,
    },
    {
      run: ['show configuration commands | no-more', 'show configuration | no-more'],
      as: 'config',
      complete: wholeVyatta,
      idleMs: 60_000,
    },
  ],
  secrets: vyattaSecrets,
})
