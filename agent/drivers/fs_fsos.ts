import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Switches of FS come from several makers with one style of command line: S3900 (Edgecore, with `!<tag>` lines and a `!` behind `end`),
 * S5800 and S8050 (Centec), S3910 and S5860 (Ruijie) end with `end`, S3400 (BDCOM) with words about absent line cards.
 */
export default defineDriver({
  title: 'FS (Fiberstore) FSOS',
  aliases: ['fsos', 'fs', 'fiberstore', 'fiberstore_fsos', 'fiberstore_fsosv2', 'fiberstore_networkos', 'fs_os'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'terminal width 256'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:(?:FS|Fiberstore|FSOS)\b.*(?:Version|Software)|(?:Hardware|System) Type|Hardware Version|Loader Version|(?:EPLD|BootRom|Boot ROM|Boot|Linux Kernel|Operation Code|Software|Firmware) Version|System (?:serial number|Serial|software version|hardware version|description|boot version)|Serial (?:Number|No)\S*)\b/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^ *interface )[\s\S]*^(?:end\s*(?:!\s*)?|!No configurations pending global\s*)(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Building (?:running |startup )?[Cc]onfiguration/, /^!? ?Current configuration\b/],
  secrets: [
    /^ *username \S+ (?:privilege \d{1,2} |access-level \d{1,2} |nopassword )?(?:password|secret) (?:[0578] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?:[078] (?=\S)|read-only |read-write )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server trap target-address (?:mgmt-if )?\S+ community (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server usm-user \S+ .{0,80}?\bauthentication (?:md5|sha)\S* (?:[08] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server usm-user \S+ .{0,200}?\bprivacy (?:des|aes)\S* (?:[08] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs)-server (?:\d host \S+ |host \S+ )?.{0,80}?\bkey (?:[078] )?(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
