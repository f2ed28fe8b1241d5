import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Service routers: blocks are closed by `exit` at column 0 and there is no end mark. A whole one has a user and an interface, and its last
 * block is closed; single lines may follow. A cut between two of them is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Eltex ESR routers',
  aliases: ['esr', 'eltex-esr', 'eltexesr', 'eltex_esr_ssh'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal datadump'],
  pagers: [
    { when: /^ *More\? Enter - next line; Space - next page; Q - quit; R - show the rest\. *$/, send: 'r' },
    { when: /^ *More: <space>, {1,2}Quit: q.{0,20}, One line: <return> *$/, send: ' ' },
    ...commonPagers,
  ],
  rejected: [
    /^ *(?:% ?)?(?:Unrecognized command|Incomplete command|Wrong number of parameters|Unknown command|Syntax error|Illegal command line)/,
  ],
  denied: [/^ *(?:% ?)?(?:Error: )?(?:Insufficient privileges|Command requires)/, ...iosDenied],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Boot version|SW version|HW version):|^ *\d+\.\d+\.\d+ build|^ +\d[\w.]*(?: \(.*)?$/,
    },
    {
      run: 'show system',
      as: 'note',
      keep: /^ *(?:System (?:type|name|MAC address|serial number)|Software version|Hardware version|Bootloader version|Serial number):/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^username \S)(?=[\s\S]*^interface \S)[\s\S]*^exit\n*(?:\n(?!exit\b|interface \S|username \S|router \w+ \d|security zone|object-group |bridge \d|nat (?:source|destination)|tunnel \S)\S.*)*\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^#!?\/usr\/bin\/clish/, /^#(?:\d+|[\d.:/ -]+)$/],
  secrets: [
    /^ *(?:password|secret|key|pre-shared-key|authentication key|authentication-key|authentication password|privacy key|community|shared-secret|key-string|wpa-psk) (?:ascii-text |hexadecimal )?(?:encrypted )?(?!\d{1,3}$)(?<secret>"[^"\n]*"|\S+)$/,
    /^ *snmp-server community (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:ip ospf|ip rip|isis|vrrp|area) .{0,60}?\b(?:authentication-key|authentication key|authentication text) (?:ascii-text |hexadecimal )?(?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:key|pre-shared-key|authentication key) (?:ascii-text|hexadecimal) (?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:enable )?password (?:encrypted )?(?<secret>\S+)(?: privilege \d{1,2})?$/,
    /^ *(?:ppp|username|remote-client|authentication) .{0,80}?\bpassword (?:ascii-text )?(?:encrypted )?(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
