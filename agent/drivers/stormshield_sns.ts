import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected, scriptEnd, scriptRuns, wholeFiles } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * The files from which a firewall is configured, as its administrator reads them by a shell over SSH: network, routes, objects,
 * filter and NAT slots, VPN, authentication. Certificates and their keys are left out: revocation lists among them come anew by
 * themselves, and some are binary. `getmodel` and the names in the SNMP file are documented; the folder, its layout and `getversion` are not
 * confirmed.
 */
const folder = '/usr/Firewall/ConfigFiles'
/** All but `Certificates`. The shell around it may be a csh, which takes each exclamation mark for its history: there is none. */
const script = `
  for d in ${folder}/[a-zABD-Z]* ${folder}/C[a-df-z]*; do if [ -e "$d" ]; then
    find -L "$d" -name "*~" -prune -o -name ".*" -prune -o -type f -print; fi; done | LC_ALL=C sort -u | {
  n=0; while read -r f; do echo "### $f"; cat "$f" || exit 1; echo; n=1; done;
  if [ $n = 1 ]; then echo "${scriptEnd}"; else echo "nothing found"; fi; }`

export default defineDriver({
  title: 'Stormshield Network Security',
  aliases: ['sns', 'stormshield', 'netasq', 'stormshield_utm', 'stormshield_ssh'],
  comment: '# ',
  channel: 'exec',
  transports: ['ssh'],
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: posixDenied,
  commands: [
    { run: 'getmodel', as: 'note', keep: /^[\w.-]{1,40}$/ },
    { run: 'getversion', as: 'note', keep: /^[\w.\- ()/]{1,80}$/ },
    { run: scriptRuns(script, []), as: 'config', complete: wholeFiles, totalMs: 240_000 },
  ],
  secrets: [
    /^ *(?:\w{1,30})?(?:[Pp]assword|[Pp]asswd|[Pp]assphrase|[Ss]ecret|PSK|[Pp]sk|[Pp]reshared[Kk]ey|[Cc]ommunity|[Aa]uth[Kk]ey|[Pp]riv[Kk]ey|[Pp]rivate[Kk]ey|[Aa]uth[Pp]ass|[Pp]riv[Pp]ass|[Bb]ind[Pp]ass) ?= ?(?!\d?$)(?<secret>"[^"\n]+"|[^\s"#][^\s#]*)/,
    /^ *(?:[^\n=#]{1,80}=)?psk=(?<secret>[^\s,#]+)/,
    /^ *(?:password|passwd) "?(?<secret>[^\s";]+)"?;/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
