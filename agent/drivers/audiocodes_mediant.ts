import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Media gateways, session border controllers and MSBR from 6.8 on; older ones have only an ini file. Every block is closed by `exit` one
 * blank in, the last one too: a cut behind a block is seen only by the missing prompt. Secrets come scrambled, and so restore.
 */
export default defineDriver({
  title: 'AudioCodes Mediant',
  aliases: [
    'mediant',
    'audiocodes',
    'audiocode',
    'audiocodes_shell',
    'audiocodes_66',
    'audiocodes_72',
    'msbr',
    'audiocodes_mp',
  ],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-@+~]{1,40}(?: [\w.\-+]{1,20}){0,4}\*?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: [],
  pagers: [{ when: /^-- ?MORE ?--.{0,80}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:Invalid command|Unknown command|Incomplete command|Command not found|% ?Error)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    {
      run: 'show system version',
      as: 'note',
      keep: /^;? *(?:Version info|Board|Board type|Serial Number|Product Key|Software Version|Slot Number|Number of DSP Cores|HW Board Type|Version ID) ?:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])#? ?#?[^\n]*Configuration[^\n]*\n(?=[\s\S]*^configure (?:network|voip|system)\b)[\s\S]*^ ?exit\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^#+ ?(?:Configuration last|Last saved|Generated|Date|Time)\b/],
  secrets: [
    /^ *(?=\S)(?!description |name |display-name |banner |no )[^"\n]{0,200}?\bpassword (?:obscured |encrypted )?(?!obscured |encrypted |policy|min|complexity|strength)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:ip ospf |ppp chap )?(?:radius-server|tacacs-server|shared-secret|secret|key|pre-shared-key|psk|passphrase|key-string|message-digest-key \d+ md5|authentication-key|wpa-psk) (?:(?:host|server) \S+ )?(?:(?:key|secret) )?(?:obscured |encrypted |ascii |hex |\d )?(?!host |server )(?<secret>"[^"\n]*"|\S+)$/,
    /^ *(?:ro|rw|trap)-community-string(?:-\d)? (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:snmp-server community|trap-community-string|community-string) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:auth|priv|private|authentication|privacy)-key (?:obscured |encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:crypto isakmp key|neighbor \S+ password) (?:obscured |encrypted |\d )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:user|local-user|username|sip-definition account|register) .*?\b(?:password|secret)(?: obscured)? (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
