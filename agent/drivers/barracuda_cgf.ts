import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected, printFiles, scriptRuns, wholeFiles } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * CloudGen Firewall, as root or by a password-free sudo: the files below `configroot`, which Firewall Admin shows as the configuration of the
 * box and of which a PAR archive of the box is made. One script prints all of them and then says that it is through; each goes back to the
 * place that the line above it names. Copies that editors leave are left out, and so is the tree that a Control Center keeps of other boxes.
 *
 * The vendor documents no layout of the files (sections, `NAME = value`): by their names as many values as possible are masked, be they
 * hashes or clear text. Values of other names, and secrets in a file of another layout, are not.
 */
const shown = scriptRuns(printFiles('/opt/phion/config/configroot'))

export default defineDriver({
  title: 'Barracuda CloudGen Firewall (NextGen Firewall F)',
  aliases: [
    ...['barracuda', 'barracuda_ngf', 'barracuda_ng', 'barracuda_phion', 'phion', 'cloudgen', 'cloudgen_firewall'],
    ...['cgf', 'nextgen_firewall', 'barracuda_f', 'barracuda cloudgen firewall'],
  ],
  comment: '# ',
  channel: 'exec',
  transports: ['ssh'],
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: posixDenied,
  commands: [
    { run: 'cat /etc/phion-release', as: 'note', keep: /^[^\n]{1,120}$/ },
    {
      run: shown,
      as: 'config',
      complete: new RegExp(String.raw`(?=[\s\S]*^### /opt/phion/config/configroot/boxnet\.conf$)${wholeFiles.source}`),
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  secrets: [
    // also NAME[] and "NAME"=value; flags and single digits are no secrets
    /^[ \t]*"?[\w.-]{0,80}(?:PASS|PASSWD|PASSWORD|PASSPHRASE|PHRASE|PWD?|PW|SECRET|KEY|PSK|COMMUNITY|TOKEN|HASH|PIN|PRIV|PRIVATE|CREDENTIALS?)\d{0,2}(?:_?(?:ENC|HASH|LIST|RO|RW|MD5|SHA\d{0,3}|AUTH|PRIV))?"?(?:\[\d{0,4}\])?[ \t]{0,8}=[ \t]{0,8}(?!(?:[Yy]es|[Nn]o|on|off|\d)$)(?<secret>\S[^\n]{0,8000})$/,
    /^[ \t]*"?[\w.-]{0,80}(?:[Pp]ass(?:wd|word|phrase)?|[Ss]ecret|[Kk]ey|[Pp]sk|[Cc]ommunity|[Tt]oken|[Hh]ash|[Pp]wd|[Pp]w)\d{0,2}"?(?:\[\d{0,4}\])?[ \t]{0,8}=[ \t]{0,8}(?!(?:[Yy]es|[Nn]o|on|off|\d)$)(?<secret>\S[^\n]{0,8000})$/,
    // crypt(3), wherever it stands
    /(?<secret>\$(?:1|2[abxy]|5|6|y)\$[\w./$=,]{8,200})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
