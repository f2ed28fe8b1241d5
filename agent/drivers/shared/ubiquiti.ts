/** system.cfg, the flat file `key.number.key=value` of Ubiquiti's radios and of what UniFi manages. */
import { scriptEnd, scriptRuns } from './posix.ts'
import { urlSecrets } from './secrets.ts'

export const systemCfgRuns = scriptRuns(
  `cat /tmp/system.cfg || exit 1;
  if [ -r /etc/persistent/cfg/mgmt ]; then echo "### /etc/persistent/cfg/mgmt"; cat /etc/persistent/cfg/mgmt; fi;
  for f in /etc/persistent/rc.poststart /etc/persistent/rc.prestart /etc/persistent/rc.postsysinit; do
    if [ -f "$f" ]; then echo "### $f"; cat "$f"; fi; done;
  echo "${scriptEnd}"`,
  [],
)

export const wholeSystemCfg = /(?<![\s\S])(?:#[^\n]*\n)*[\w.-]+=[\s\S]*^### end of configuration\n*(?![\s\S])/

export const systemCfgSecrets: readonly RegExp[] = [
  /^[\w.-]{0,120}(?:\.|^)(?:password|passwd|passphrase|psk|secret|authkey|auth_key|privatekey|preshared_key|key(?:\.\d|\d)?|wpapsk|token|pin|community|rocommunity|rwcommunity|server_key|auth_pass|crypt_pass)(?:\.\d{1,3})?=(?!$|\d$|\/|enabled$|disabled$|true$|false$)(?<secret>.{1,4000})$/,
  /^[\w.-]{0,120}\.(?:wpa|wep|sae)\.[\w.-]{0,60}(?:psk|key|password)(?:\.\d{1,3})?=(?!$|\d$)(?<secret>.{1,400})$/,
  ...urlSecrets,
]
