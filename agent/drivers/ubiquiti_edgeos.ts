import { defineDriver } from '../driver.ts'
import {
  vyattaDenied,
  vyattaPagers,
  vyattaPrompt,
  vyattaRejected,
  vyattaSecrets,
  wholeVyatta,
} from './shared/vyatta.ts'

/** Set commands, because EdgeOS prints passwords as stars in its braces; also the security gateways of UniFi. */
export default defineDriver({
  title: 'Ubiquiti EdgeOS',
  aliases: ['edgeos', 'ubiquiti_edgerouter', 'edgerouter', 'edgemax', 'ubnt_edgeos', 'unifi_usg'],
  comment: '# ',
  channel: 'shell',
  prompt: vyattaPrompt,
  prepare: ['terminal length 0', 'terminal width 0'],
  pagers: vyattaPagers,
  rejected: vyattaRejected,
  denied: vyattaDenied,
  commands: [
    { run: 'show version', as: 'note', keep: /^(?:Version|Build ID|HW model|HW S\/N): / },
    {
      run: ['show configuration commands | no-more', 'show configuration commands'],
      as: 'config',
      complete: wholeVyatta,
      idleMs: 60_000,
    },
  ],
  secrets: vyattaSecrets,
})
