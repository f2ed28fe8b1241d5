import { commonPagers, defineDriver } from '../driver.ts'

/**
 * `show`, not `show full-configuration`: it is what `execute backup config` writes and what a restore takes, without the
 * defaults that change with each release. The pager is stubborn, since turning it off would be a change of configuration.
 * A whole configuration begins with its header and ends with the routers, the last sections of each virtual domain; that
 * is weaker than an end mark, but FortiOS prints none.
 */
const encrypted = String.raw`^ +set [\w-]+(?: \d+)? "?ENC `
const snmp = String.raw`(?<=^config (?:system snmp community|switch-controller snmp-community)\n(?: .*\n){0,600} {8}set name "[^"\n]+")`

export default defineDriver({
  title: 'Fortinet FortiOS',
  aliases: ['fortios', 'fortigate', 'fortinet', 'fortigate-full', 'fortinet_ssh'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}(?: \([\w. -]+\))? [#$] ?$/,
  // the post-login banner
  answers: [{ when: /[Pp]ress ['"]?a['"]? to accept\)?:? ?$/, send: 'a' }],
  pagers: commonPagers,
  rejected: [/^(?:Unknown action|[Cc]ommand parse error|Command fail)/],
  denied: [/^(?:[Pp]ermission denied|No permission|User does not have permission)/],
  commands: [
    {
      run: 'get system status',
      as: 'note',
      keep: /^(?:Version|Serial-Number|BIOS version|System Part-Number|Hostname|Operation Mode|Virtual domain configuration):/,
    },
    {
      run: 'show',
      as: 'config',
      complete: /^#config-version=[\s\S]*^config (?:router \S+|vdom)\n[\s\S]*^end\n*(?![\s\S])/,
      totalMs: 270_000,
    },
  ],
  volatile: [/^#conf_file_ver=/],
  secrets: [
    new RegExp(`${encrypted}(?<secret>[^\\s"]+)`),
    /-----BEGIN [A-Z ]*PRIVATE KEY-----\n(?<secret>[^"]+?)\n-----END/,
    /^#private-encryption-key=(?<secret>\S+)/,
    // a policy has `set uuid` next: without this look ahead each of thousands would be searched back to its section
    new RegExp(String.raw`^ {8}set name "(?<secret>[^"\n]+)"$(?!\n +set (?:uuid|srcintf) )${snmp}`),
    /:\/\/[^\s/:@"]+:(?<secret>[^\s@"/]+)@/,
  ],
  resalted: [
    // hashes of administrators (AK1, SH2, PB2) stay as they are; all else is encrypted anew at each `show`
    new RegExp(`${encrypted}(?!AK1|SH2|PB2)(?<secret>[^\\s"]+)`),
    /-----BEGIN ENCRYPTED PRIVATE KEY-----\n(?<secret>[^"]+?)\n-----END/,
    /^#private-encryption-key=(?<secret>\S+)/,
  ],
})
