import { defineDriver } from '../driver.ts'
import { posixPrompt, posixRejected } from './shared/posix.ts'
import { uciDenied, uciRuns, uciSecrets, wholeUci } from './shared/uci.ts'

/** Teltonika's OpenWrt. One logs in as root, with the password of the web page's admin. */
export default defineDriver({
  title: 'Teltonika RutOS',
  aliases: ['rutos', 'teltonika', 'teltonika_rut', 'rut'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: uciDenied,
  commands: [
    { run: 'cat /etc/version', as: 'note', keep: /^(?:RUT|TRB|TSW|TAP|ATRM|OTD|[A-Z]{3,5})\w*_/ },
    { run: 'mnf_info --name', as: 'note', keep: /^[A-Z\d]{4,20}$/ },
    { run: 'mnf_info --sn', as: 'note', keep: /^\d{6,14}$/ },
    { run: uciRuns, as: 'config', complete: wholeUci },
  ],
  // clocks and counters of the modem's data that RutOS writes into UCI
  volatile: [/^\s*option (?:last_(?:check|sync|seen|update)|last_connected|timestamp) /],
  secrets: uciSecrets,
})
