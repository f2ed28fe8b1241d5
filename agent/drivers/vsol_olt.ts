import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * A command line of the Zebra family. The head tells the software, blocks are closed by `exit`, sections by `!`, and there is no end mark
 * but a last `!` (or `end`, of older releases). A cut behind a section is seen only by the missing prompt. What is pushed to an ONU,
 * PPPoE and Wi-Fi passwords, stands in clear.
 */
export default defineDriver({
  title: 'V-SOL OLT (V1600)',
  aliases: ['vsol', 'v-sol', 'v1600', 'vsol-olt', 'v_sol'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: ['show version', 'show sys version'],
      as: 'note',
      keep: /^ *(?:Olt (?:Device Model|Serial Number)|Hardware Version|Software (?:Version|Created Time)|Firmware Version|Serial Number|Device (?:Type|Model)|Boot Version) ?:/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^hostname \S)(?=[\s\S]*^interface (?:gpon|epon|xgspon|pon)\b)[\s\S]*^(?:end|!)\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^Building configuration/, /^Current configuration\b/, /^! ?(?:Last|Saved|Time)\b/],
  secrets: [
    /^ *(?:login-|super-)?password (?:8 |encrypted )?(?<secret>\S+)$/,
    /^ *user (?:add |name )?\S+ (?:login-)?password (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server (?:(?:ro|rw)-?community|community (?:ro|rw)) (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server trap(?:-host|-receiver)? \S+ (?:version \S+ )?(?:community |securityname )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *onu \d+ (?:loid|password|wan-conn|pri|wifi|voip|sip|profile|tr069)\b.{0,200}?\b(?:password|pw|shared[-_]key|share-key|key|passwd|pwd) (?<secret>"[^"\n]*"|\S+)/,
    /^ *onu add \d+ .{0,120}?\bpassword (?<secret>"[^"\n]*"|\S+)/,
    /^ *wan .{0,200}?\bpppoe .{0,80}?\b(?:password|pwd) (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
