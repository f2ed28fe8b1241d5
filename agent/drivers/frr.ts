import { commonPagers, defineDriver } from '../driver.ts'

/**
 * Three ways to the same command: vtysh is the login shell (which sshd runs with `-c`), the user may run vtysh, or may by
 * sudo. A channel for each command has no pager and no prompt to take for configuration. `show startup-config` prints
 * nothing there and succeeds, so it is not read.
 */
const vtysh = (command: string) => [command, `vtysh -c '${command}'`, `sudo -n vtysh -c '${command}'`]

export default defineDriver({
  title: 'FRRouting',
  aliases: ['frrouting', 'vtysh', 'quagga', 'zebra'],
  comment: '! ',
  channel: 'exec',
  prompt: /^[\w.-]{1,64}[>#] ?$/,
  prepare: ['terminal length 0'],
  pagers: [{ when: /^:\s*$/, send: ' ' }, ...commonPagers],
  rejected: [
    /^(?:% (?:Unknown|Ambiguous|There is no matched) |Exiting: failed to connect)/,
    /^(?:-?(?:ba|da|a|k|z|c|tc|fi)?sh|fish): (?!.*\bsudo\b).*(?:not found|Unknown command|[Pp]ermission denied)/,
  ],
  // sudo is the last way: when it fails, for whatever reason, the user may not
  denied: [/^(?:sudo: |Sorry, user |\S+: .*\bsudo: (?:command )?not found)/],
  commands: [
    { run: vtysh('show version'), as: 'note', keep: /^(?:FRRouting|Quagga) / },
    {
      run: vtysh('show running-config'),
      as: 'config',
      complete: /^(?:frr version|hostname|frr defaults) [\s\S]*^end\n*(?![\s\S])/,
    },
  ],
  volatile: [/^Building configuration\.\.\.$/, /^Current configuration:$/],
  secrets: [
    /^(?:enable )?password (?:\d )?(?<secret>\S+)$/,
    /^ +neighbor \S+ password (?<secret>\S.*)$/,
    /^ +key-string (?<secret>\S.*)$/,
    /^ +ip (?:ospf authentication-key|rip authentication string|nhrp authentication) (?<secret>\S+)/,
    /^ +(?:ip ospf|area \S+ virtual-link \S+) .*message-digest-key \d+ md5 (?<secret>\S+)/,
    /^ +area \S+ virtual-link \S+ .*authentication-key (?<secret>\S+)/,
    /^ +ipv6 ospf6 authentication key-id \d+ hash-algo \S+ key (?<secret>\S+)/,
    /^ +(?:isis password|area-password|domain-password) (?:md5|clear) (?<secret>\S+)/,
    /:\/\/[^\s/:@"]+:(?<secret>[^\s@"/]+)@/,
  ],
})
