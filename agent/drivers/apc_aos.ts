import { defineDriver } from '../driver.ts'

/**
 * Network Management Cards write `config.ini` when it is asked for, so its date is the time of the download. The transfer tells the file's
 * size, which proves that all of it came. Newer cards blank their pass phrases; communities and the secrets of RADIUS stand in it.
 */
export default defineDriver({
  title: 'APC and Schneider Electric AOS (Network Management Card)',
  aliases: ['apcaos', 'apc', 'apc_nmc', 'apc-pdu', 'apc_pdu', 'apc-ups', 'nmc2', 'nmc3', 'schneider_nmc'],
  comment: '; ',
  channel: 'exchange',
  transports: ['scp', 'sftp'],
  prompt: /^\n$/,
  rejected: [],
  commands: [
    {
      run: 'get config.ini',
      as: 'config',
      // header, the section of the network, the name of the system, and a last line that is whole
      complete:
        /(?<![\s\S])(?:(?:;[^\n]*)?\n)*(?=\[[^\]\n]+\]\n)(?=[\s\S]*^\[NetworkTCP\/IP\]\n)(?=[\s\S]*^\[SystemID\]\n)[\s\S]*^(?:;|[^=\n]+=)[^\n]*\s*(?![\s\S])/,
      idleMs: 60_000,
    },
  ],
  volatile: [/^; ?Configuration file, generated on /, /^(?:Current ?)?(?:Date|Time)=/],
  logout: [],
  secrets: [
    /^[\w#./ -]{0,80}(?:Community|AuthPhrase|EncryptPhrase|CryptPhrase|PrivPhrase|PassPhrase|Passphrase|Secret|Password|Passwd|SharedKey|AuthKey|PrivKey)(?:Name|String)?\d{0,2}=(?<secret>"[^"\n]+"|[^\s"][^\n]*)$/,
    /^[\w#./ -]{0,80}(?:Community|Phrase|Secret|Password)\d{0,2} ?= (?<secret>\S[^\n]*)$/,
  ],
})
