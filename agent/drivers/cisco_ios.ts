import { defineDriver } from '../driver.ts'

export default defineDriver({
  title: 'Cisco IOS and IOS-XE',
  aliases: ['ios', 'iosxe', 'ios-xe', 'cisco_xe', 'cisco', 'cisco_iosxe'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.\-/@:+]{1,63}(?:\([\w.\- ]+\))?[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['terminal length 0', 'terminal width 0'],
  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unknown)/],
  denied: [/^% ?(?:Authorization|Permission|Command authorization)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Cisco IOS|.*[Ss]oftware, .*Version|.* processor .*memory|Processor board ID)/,
    },
    { run: 'show running-config', as: 'config', complete: /^end$/ },
  ],
  volatile: [
    /^Building configuration/,
    /^Current configuration :/,
    /^! (?:Last configuration change|NVRAM config last updated) at/,
  ],
  secrets: [/^(?:enable )?(?:password|secret)(?: \d+)? (?<secret>\S+)$/],
})
