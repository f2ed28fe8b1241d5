import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

export default defineDriver({
  title: 'Dell EMC Networking OS9 (FTOS)',
  aliases: [
    'ftos',
    'force10',
    'dell_force10',
    'dell_force10_ssh',
    'dell_os9_ssh',
    'dnos9',
    'dell-os9',
    'dnos',
    'dellos9',
    'dell_dnos9',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0'],
  rejected: [/^% ?Error: (?!.*(?:privilege|authori[sz]))/, ...iosRejected],
  denied: [/^% ?Error: .*(?:privilege|authori[sz])/, ...iosDenied],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:(?:Dell|Force10) .*(?:Operating System|Application Software) Version|System image file|(?:System|Chassis) Type|Control Processor)/,
    },
    {
      run: 'show inventory',
      as: 'note',
      keep: /^(?:(?:System|Chassis) (?:Type|Mode) |Software Version|Unit |Slot |[* ] {1,4}(?<keep>\d{1,2} {1,6}\S.*)| {4,8}([CES]\d{3}\S* .*))/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?:Current Configuration \.\.\. *\n)?! Version \d[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^! (?:Last configuration change at|Startup-config last updated at|Last configuration save) /],
  secrets: [
    /^ *(?:enable|username \S+) .{0,80}?\bsha256-password(?: \d)? (?<secret>\S+)/,
    /^ +authentication-type (?:simple|md5)(?: \d)? (?<secret>\S+)/,
    /^ip (?:ftp|http|tftp|scp) .{0,40}?\bpassword(?: \d)? (?<secret>\S+)/,
    /^ +(?:isis|area|domain)[ -].{0,20}password(?: hmac-md5| encrypted| \d)* (?<secret>\S+)/,
    ...iosSecrets,
  ],
})
