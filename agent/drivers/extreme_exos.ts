import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Also called Switch Engine. The prompt counts the commands (`sw1.7 #`), with a star before it while changes are not saved.
 * There is no end mark: each module prints its heading, also without settings, in a fixed order; the prompt is the judge of what
 * comes behind the last.
 */
export default defineDriver({
  title: 'Extreme Networks ExtremeXOS',
  aliases: [
    'exos',
    'xos',
    'extreme',
    'extreme_ssh',
    'extremexos',
    'extreme_telnet',
    'switch-engine',
    'extremeware_xos',
  ],
  comment: '# ',
  channel: 'shell',
  prompt: /^(?:! )?(?<unsaved>(?:\* )?)(?:\(.{1,30}\) )?(?:Slot-\d{1,2} )?[\w.\-@ ]{1,64}\.(?<count>\d{1,5}) [>#] ?$/,
  prepare: ['disable clipaging'],
  pagers: [{ when: /^Press <SPACE> to continue or <Q> to quit:.{0,40}$/, send: ' ' }],
  rejected: [
    /^%% (?:Invalid input|Incomplete command|Ambiguous command|Unrecognized command)/,
    /^Error: (?:Invalid|Unknown)/,
  ],
  denied: [
    /^(?:%% |Error: )?(?:Permission denied|.{0,80}insufficient privilege|.{0,80}not authorized|Command authorization failed)/,
  ],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?<keep>(?:Switch|Slot-\d+|VIM\S*|XGM\S*|PSU-\d+|PSUCTRL\S*|Image|BootROM|Certified Version) *: \S.{0,160}?)(?: BootROM: | by |\s*$)/,
    },
    {
      run: 'show switch',
      as: 'note',
      keep: /^(?:System MAC|System Type|Image Selected|Image Booted|Primary ver|Secondary ver|Config Selected): /,
    },
    { run: 'show licenses', as: 'note', keep: /^(?:Enabled License Level|License|Enabled Feature|\t| {4}\S)/ },
    {
      run: 'show configuration',
      as: 'config',
      complete:
        /(?<![\s\S])#\s*\n# Module devmgr configuration\.\n#\n(?=[\s\S]*^# Module vlan configuration\.$)[\s\S]*^# Module stp configuration\.\n#\n[\s\S]*\S\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 90_000,
    },
  ],
  volatile: [/^# Full Detail Configuration generated /],
  secrets: [
    /^(?:configure|create) (?!.*\b(?:description-string|sysContact|sysLocation) ).*?\bencrypted (?:simple-password |md5 \d+ |sha\S* |password |name |localized-key |hex )?(?<secret>"[^"\n]*"|\S+)/,
    /^(?:configure|create) account \S+ (?:"[^"\n]*" |[^\s"]+ )?(?!encrypted|password-policy|all )(?:password )?(?<secret>"[^"\n]+"|[^\s"]+)$/,
    /^configure (?:radius|radius-accounting|tacacs|tacacs-accounting) .*?\bshared-secret (?!encrypted )(?<secret>"[^"\n]*"|\S+)/,
    /^configure snmp(?:v3)? add community (?:readonly |readwrite )?(?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^configure snmpv3 add community .*?\bname (?<secret>"[^"\n]*"|\S+)/,
    /^configure snmp add trapreceiver .*?\bcommunity (?<secret>"[^"\n]*"|\S+)/,
    /^configure snmpv3 add user .*?\bauthentication \S+ (?:auth-encrypted )?(?:localized-key |hex )?(?<secret>"[^"\n]*"|\S+)/,
    /^configure snmpv3 add user .*?\bprivacy (?:(?:des|3des|aes(?: \d+)?) )?(?:privacy-encrypted )?(?:localized-key |hex )?(?<secret>"[^"\n]*"|\S+)/,
    /^configure (?:ospf|ospfv3|rip|bgp|isis|vrrp|esrp|ntp|sntp-client|ldap|msdp|macsec|netlogin|ipsec) .*?\b(?:simple-password|md5 \d+|password|key md5|bind-password|cak|sa-key) (?!encrypted |none\b)(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
