import { commonPagers, defineDriver } from '../driver.ts'
import { iosSecrets } from './shared/ios-like.ts'

/**
 * AN5516 and AN6000: `User>`, after `enable` `Admin#`. No paging-off command exists on AN5516, so the pager is answered. A loaded OLT
 * collects from its cards for a minute or two and prints no end mark: what is asked is a line that
 * authorizes a card or an ONU, as every one has; the prompt, proved by an Enter, is the judge of the end. The
 * CLI references could not be had again: the layout is not confirmed.
 */
export default defineDriver({
  title: 'FiberHome AN5516 and AN6000 OLT',
  aliases: ['fiberhome', 'an5516', 'an6000', 'fiberhome_olt', 'fiberhome-olt'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.-]{1,63}(?:\\[\w\\]{1,60})?[>#] ?$/,
  answers: [{ when: /^[ \t]*--Press any key to continue Ctrl\+c to stop-- ?$/, send: ' \\c' }],
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0'],
  pagers: [{ when: /^[ \t]*--Press any key to continue Ctrl\+c to stop-- ?$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *%? ?(?:Error ?: ?)?(?:Unknown [Cc]ommand|Command incomplete|Ambiguous [Cc]ommand|Invalid input)/],
  denied: [/^ *%? ?(?:Error ?: ?)?(?:Permission denied|[Nn]o permission|User has no right)/],
  commands: [
    {
      run: ['show version', 'show card version'],
      as: 'note',
      keep: /^ *(?:[Ss]oft(?:ware)? ?[Vv]er(?:sion)?|[Hh]ard(?:ware)? ?[Vv]er(?:sion)?|SYSTEM|System [Vv]ersion|Product)\b.*[:=]/,
    },
    {
      run: ['show running-config', 'show startup-config'],
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^ *(?:set (?:autho|card|white|uplink)|authorize |interface ))[\s\S]*^[^\n]{1,600}\n*(?![\s\S])/,
      idleMs: 180_000,
      totalMs: 1_200_000,
    },
  ],
  volatile: [/^!? ?(?:Building configuration|Current configuration|Generated|Time ?:)/],
  secrets: [
    /^ *(?:set )?(?:user|adduser|username|login) .{0,120}?\b(?:password|pwd) (?:cipher )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:set )?snmp(?:-server|-agent)? (?:\S+ )?(?:community|rocommunity|rwcommunity|(?:trap ?)?community\S*) (?:name |read-only |read-write |ro |rw )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:set )?(?:white|autho)\S* .{0,160}?\b(?:password|pas|logic-password|loid-password) (?!null\b)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:set |onu )?(?:wancfg|wan-cfg) .{0,240}?\bpppoe pro(?:xy)? (?:en|dis)\w* (?!null\b)\S+ (?!null\b)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:set |onu )?(?:wlan|wifi).{0,240}?\bwpakey (?!null\b)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:set |onu )?(?:wlan|wifi).{0,400}?\bradius_serv .{0,80}?\bpswd (?!null\b)(?<secret>\S+)/,
    /^ *(?:set |onu )?(?:wlan|wifi).{0,400}?\bwep_key (?!null\b)(?<secret>\S+(?: \S+){0,3})/,
    /^ *(?:set |onu )?(?:ngn|sip|voip)\w*.{0,240}?\b(?:sip_user_password|password|pwd) (?!null\b)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:set |onu )?(?:acs|tr069|remote[-_]manage)\S* .{0,240}?\b(?:password|pwd|acs_pswd|cpe_pswd) (?!null\b)(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
