import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** The former Occam BLC 6000: a command line after the example of IOS; the end mark is `end`. */
export default defineDriver({
  title: 'Calix B6 (Occam BLC 6000)',
  aliases: ['calix-b6', 'calix_b6_ssh', 'calix_b6_telnet', 'occam', 'occamos', 'blc6000'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'terminal width 511'],
  pagers: [{ when: /^ *Press q to quit, any other key to continue.{0,20}$/, send: ' ' }, ...commonPagers],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Occam|Calix) .*(?:Software|Version)|^ *(?:Software [Vv]ersion|Boot (?:ROM|Loader) [Vv]ersion|Hardware [Rr]evision|Serial [Nn]umber|Part [Nn]umber|Model) ?[: ]/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^(?:hostname|version) \S)[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^Building configuration/, /^!? ?Current configuration\b/, /^! ?(?:Last|NVRAM|Time|Saved) /],
  secrets: [/^ *ont \S+ .{0,80}?\b(?:reg-id|password) (?<secret>"[^"\n]*"|\S+)/, ...iosSecrets],
})
