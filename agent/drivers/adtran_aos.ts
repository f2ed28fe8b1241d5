import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** AOS prints system, platform and serial number as comments at the head of the configuration and ends it with `end`. */
export default defineDriver({
  title: 'Adtran AOS (NetVanta, Total Access 900)',
  aliases: ['adtran', 'adtran_os', 'adtran_os_telnet', 'netvanta', 'adtran-aos'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'terminal width 132'],
  rejected: [
    /^(?:%|ERROR: ?)?(?:Unrecognized command|Invalid or incomplete command|Ambiguous command|Incomplete command)/,
    ...iosRejected,
  ],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:ADTRAN, Inc\. OS version|Boot ROM version|Platform: |Serial number|Current system image file is|Primary system image file is|Backup system image file is)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^hostname )[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Building configuration/, /^! (?:Created|Last modified|Saved)\b/],
  secrets: [
    /^ *(?:crypto ike |ip crypto ike )?(?:remote-id|ike remote-id) .{0,120}?\bpreshared-key (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:register|sip-identity|sip trunk|trunk|auth-name|credential|voice|registrar|user) .{0,160}?\b(?:auth-name \S+ )?(?:encrypted )?(?:password|pin) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *ppp pap sent-username \S+ (?:encrypted )?password (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:security )?(?:wpa|wep|psk)\S* .{0,60}?\b(?:key|psk|passphrase) (?:encrypted |ascii |hex )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *username "?[^\s"]+"? (?:portal-list \S+ )?password (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *modem password (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
