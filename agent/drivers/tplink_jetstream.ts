import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** The first line names the model (`!T1600G-28TS`), blocks are closed by `#`, and `end` ends the configuration. */
export default defineDriver({
  title: 'TP-Link JetStream',
  aliases: ['tplink', 'tp-link', 'tplink_jetstream_telnet', 'jetstream', 'tp_link'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  pagers: [{ when: /^ *Press any key to continue \(Q to quit\) *$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *Error: ?(?:Bad command|Invalid|Incomplete|Unknown)/, ...iosRejected],
  denied: [/^ *Error: ?(?:No permission|Permission)/, ...iosDenied],
  commands: [
    {
      run: 'show system-info',
      as: 'note',
      keep: /^ *(?:System (?:Description|Name|Location)|Contact Information|Hardware Version|(?:Software|Firmware) Version|Bootloader Version|Mac Address|MAC Address|Serial Number) +-/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])!\S[^\n]*\n[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^ *Building configuration/],
  secrets: [
    /^ *user (?:name )?\S+ .{0,60}?\b(?:password|secret) (?:[057] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ \d{1,5} (?<secret>"[^"\n]*"|\S+) smode (?:v1|v2c)/,
    /^ *snmp-server user .{0,160}?\bcpwd (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user .{0,200}?\bepwd (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs)-server host \S+ .{0,80}?\bkey (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
