import { defineDriver } from '../driver.ts'
import {
  vyattaDenied,
  vyattaPagers,
  vyattaPrompt,
  vyattaRejected,
  vyattaSecrets,
  wholeVyatta,
} from './shared/vyatta.ts'

/** Set commands, because VyOS prints passwords as stars in its braces. */
export default defineDriver({
  title: 'VyOS',
  aliases: ['vyatta_vyos', 'vyos_rolling', 'vyos-rolling'],
  comment: '# ',
  channel: 'shell',
  prompt: vyattaPrompt,
  prepare: ['set terminal length 0', 'set terminal width 0'],
  pagers: vyattaPagers,
  rejected: vyattaRejected,
  denied: vyattaDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Version|Release [Tt]rain|Release [Ff]lavor|Architecture|Boot via|System type|Hardware (?:vendor|model|S\/N|UUID)): /,
    },
    { run: 'show configuration commands', as: 'config', complete: wholeVyatta, idleMs: 60_000 },
  ],
  secrets: vyattaSecrets,
})
