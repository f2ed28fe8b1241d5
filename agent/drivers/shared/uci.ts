/** What the systems share that keep their configuration in UCI: OpenWrt and what is made of it. */
import { scriptEnd, scriptRuns } from './posix.ts'
import { pemSecrets, urlSecrets } from './secrets.ts'

/**
 * All packages of UCI as `uci import` takes them, then the few files beside it that a backup of OpenWrt has too.
 * Password hashes (/etc/shadow) are never read.
 */
export const uciRuns = scriptRuns(
  `uci export || exit 1;
  for f in /etc/firewall.user /etc/nftables.d/*.nft /etc/rc.local /etc/crontabs/root /etc/sysctl.conf /etc/hosts /etc/sysupgrade.conf; do
    if [ -f "$f" ]; then echo; echo "### $f"; cat "$f" || exit 1; fi; done;
  echo "${scriptEnd}"`,
  [],
)

export const wholeUci =
  /(?<![\s\S])package [\w-]+\n[\s\S]*^package (?:network|system)\n[\s\S]*^### end of configuration\n*(?![\s\S])/

export const uciDenied: readonly RegExp[] = [/^(?:uci|cat): .*(?:Permission denied|I\/O error)/]

/** Values are quoted; a quote within is `'\''`. Paths are no secrets, nor is the number of a WEP key. */
export const uciSecrets: readonly RegExp[] = [
  /^[ \t]*(?:option|list) (?:[\w-]{0,40}(?:password|passwd|passphrase|secret|psk|token|pincode|_pin|apikey|api_key)|pin|pass|key[1-4]?|sae_password|wpa_psk|(?:preshared|private|pre_shared|auth|priv|encryption|shared)_?key|server_key) (?!'[1-4]'$|'\/|\/)(?<secret>'[^\n]{1,4000}'|"[^"\n]{1,4000}"|[^\s'"]{1,4000})$/,
  // snmpd of OpenWrt, then that of RutOS
  /^[ \t]*option (?:community|comm_name|ro_community|rw_community|snmp_community|trap_community) (?<secret>'[^'\n]{1,200}'|[^\s']{1,200})$/,
  /^[ \t]*list (?:wep_?key|users?_?password) (?<secret>'[^'\n]{1,200}'|[^\s']{1,200})$/,
  ...urlSecrets,
  ...pemSecrets,
]
