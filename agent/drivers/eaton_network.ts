import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected } from './shared/posix.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * Network cards of UPSs (Network-M2, Network-M3, INDGW) and of rack PDUs (eNMC2). Their CLI prints the configuration as JSON, which
 * `restore_configuration` takes; the secrets in it are encrypted under the pass phrase, without which nothing can be restored. The
 * user must have the profile of an administrator. Whether it comes on one line is not documented: whole is an object whose braces
 * are all closed. Where there is no exec channel the prompt is that of any shell: the user's guide shows none.
 */
const text = String.raw`"(?:[^"\\\n]|\\.)*"`
const inside = (more: string) => String.raw`\{(?:[^"{}]|${text}${more})*\}`
const deep = Array.from({ length: 15 }).reduce((block: string) => inside(`|${block}`), inside(''))

const value = String.raw`\s{0,8}:\s{0,8}"(?<secret>(?:[^"\\\n]|\\.)+)"`
const keys =
  '(?:[Pp]ass(?:[Ww]ord|[Ww]d|[Pp]hrase)|[Ss]ecret|[Cc]ommunity|[Tt]oken|(?:[Aa]uth|[Pp]riv|[Pp]rivate|[Ss]hared)_?[Kk]ey)'

export default defineDriver({
  title: 'Eaton network cards (Network-M2, Network-M3, eNMC2)',
  aliases: ['eatonnetwork', 'eaton-network', 'eaton', 'network-m2', 'network-m3', 'enmc2', 'indgw-m2'],
  comment: '// ',
  channel: 'exec',
  transports: ['ssh'],
  prompt: posixPrompt,
  rejected: [
    ...posixRejected,
    /^(?:.{0,80}: )?(?:[Uu]nknown command|[Cc]ommand not found|[Ii]nvalid option|[Uu]sage:)/,
  ],
  denied: [...posixDenied, /^(?:.{0,80}: )?(?:[Pp]ermission denied|[Aa]ccess denied|[Nn]ot (?:allowed|authori[sz]ed))/],
  commands: [
    {
      run: 'save_configuration -p {enable}',
      as: 'config',
      complete: new RegExp(String.raw`(?<![\s\S])\s*(?=\{\s*")${deep}\s*(?![\s\S])`),
      idleMs: 90_000, // it is put together before the first byte
      totalMs: 240_000,
    },
  ],
  secrets: [
    new RegExp(`"(?:plaintext|cyphered|ciphered|encrypted)"${value}`),
    new RegExp(`"[\\w.-]{0,40}${keys}"${value}`),
    new RegExp(`"name"(?<="communit(?:y|ies)"\\s{0,8}:\\s{0,8}[{[][^\\]]{0,1000}"name")${value}`),
    /-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----(?<secret>(?:\\n|[^-"\\\n]){1,20000})/,
    ...urlSecrets,
  ],
})
