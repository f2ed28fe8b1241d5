import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * BIG-IP: the running configuration of all partitions, by an exec channel. A user's shell is Bash, which takes the first form
 * and says at the end that tmsh went well; or tmsh, which takes the second: there the clean end of the channel and a closed
 * brace at column 0 are all that tells the end. The newest archive that somebody saved there (UCS) is kept beside the text. The leading cd of tmsh is what makes `recursive` see every folder.
 */
const all = 'cd /; show running-config recursive'
const end = '# end of configuration'

export default defineDriver({
  title: 'F5 BIG-IP TMOS',
  aliases: ['tmos', 'f5', 'bigip', 'big-ip', 'f5_ltm', 'f5_tmsh', 'f5_linux', 'f5_bigip', 'tmsh'],
  comment: '# ',
  channel: 'exec',
  transports: ['ssh'],
  prompt: /^(?:\[[^\]\n]{1,120}\] [^\n]{1,60} [#$]|[\w.-]{1,64}@\([^\n]{1,160}\)\(tmos\)#) ?$/,
  rejected: [/^(?:Syntax Error: |-?(?:ba)?sh: .*not found|.{0,40}unexpected argument)/],
  denied: [/^(?:.{0,40}[Uu]nauthorized|.{0,60}[Pp]ermission denied|.{0,60}not authorized|01070822:)/],
  commands: [
    {
      run: ['tmsh -q -c "show sys version"', 'show sys version'],
      as: 'note',
      keep: /^ *(?:Product|Version|Build|Edition) /,
    },
    {
      run: ['tmsh -q -c "show sys hardware"', 'show sys hardware'],
      as: 'note',
      keep: /^ *(?:Name +BIG-IP|(?:Chassis|Appliance) Serial|Host Board Serial|Base MAC|Registration Key|Type +\S+ +)/,
    },
    {
      run: [`tmsh -q -c "${all}" && echo "${end}"`, all],
      as: 'config',
      complete:
        /(?<![\s\S])(?:#[^\n]*\n)*[a-z][\w-]* [^\n]*\{(?=[\s\S]*^sys )[\s\S]*^(?:[a-z][^\n]*\{ ?\}|\})\n(?:# end of configuration\n)?\n*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 300_000,
    },
    { run: 'newest /var/local/ucs/*.ucs', as: 'artifact', optional: true },
  ],
  secrets: [
    /(?<secret>\$M\$[^\s"]{1,2000})/,
    /^ +(?:encrypted-password|crypt-password) (?<secret>"[^"\n]*"|\S+)/,
    /^ +(?:[a-z]{1,20}-){0,4}(?:password|secret|passphrase|bind-pw|md5-signature-passphrase|preshared-key|key-string|auth-key|community|community-name)(?:-encrypted)? (?!none$|\{)(?<secret>"[^"\n]*"|\S+)$/,
    ...urlSecrets,
    ...pemSecrets,
  ],
  resalted: [
    // the master key encrypts anew at each listing; hashes of users stay
    /(?<secret>\$M\$[^\s"]{1,2000})/,
    /^ +(?:auth|privacy)-password-encrypted (?<secret>"[^"\n]*"|\S+)/,
  ],
})
