import { defineDriver } from '../driver.ts'

/**
 * A script ends with its first error, so that the line which `:put` prints after the export proves the export whole.
 * RouterOS checks a line before it runs any of it: v6, which shows secrets anyway, refuses `show-sensitive` and gets the other.
 */
const end = '# end of export'
const exportOf = (what: string) => `${what}; :put "${end}"`
/** Bare, quoted, or in a script (that is: quoted within a quoted text). */
const value = String.raw`=(?:\\?")?(?<secret>(?<=\\")[^"\\\n]+|(?<==")(?:\\.|[^"\\\n])+|(?<==)[^\s"\\]+)`
/** Words in a comment are no secret; looked for behind the key, since it is slow. */
const notInProse = String.raw`(?==)(?<!\b(?:comment|ssid|note|contact|location)="(?:\\.|[^"\\\n]){0,400})`
const keys = String.raw`(?:[\w-]*-)?(?:password|secret|passphrase|pre-?shared-key|private-key|auth(?:entication)?-key|protection-key|md5-key|static-key-\d|trap-community)`

export default defineDriver({
  title: 'MikroTik RouterOS',
  aliases: ['routeros', 'mikrotik', 'mikrotik_routeros_ssh', 'ros'],
  comment: '# ',
  channel: 'exec',
  prompt: /^\[[^\]\n]+@[^\]\n]+\] [^>\n]*> ?$/,
  answers: [
    { when: /software license\? \[Y\/n\]:? ?$/, send: 'n\\c' },
    { when: /^new password> ?$/, send: '\u0003\\c' },
  ],
  rejected: [/^(?:bad command name|expected (?:end of )?command|syntax error|no such item|input does not match)/],
  denied: [/^(?:not enough permissions|cannot .*: not permitted|no permissions?)/],
  commands: [
    {
      run: '/system resource print',
      as: 'note',
      keep: /^ *(?:version|board-name|architecture-name|factory-software|platform):/,
    },
    {
      run: '/system routerboard print',
      as: 'note',
      keep: /^ *(?:model|serial-number|firmware-type|factory-firmware|current-firmware|upgrade-firmware):/,
    },
    {
      run: [exportOf('/export show-sensitive'), exportOf('/export')],
      as: 'config',
      complete: /^\/[\s\S]*^# end of export\n*(?![\s\S])/,
      totalMs: 240_000,
      idleMs: 90_000, // a small board thinks for a minute before the first section
    },
  ],
  volatile: [/^# \S+ \S+ by RouterOS /],
  unwrap: /\\\n {4}/,
  secrets: [
    new RegExp(`[ .]${keys}${notInProse}${value}`),
    new RegExp(String.raw`(?<=^/snmp community\n(?:(?:add|set) .*\n){0,40}(?:add|set) .*) name${value}`),
    /:\/\/[^\s/:@"]+:(?<secret>[^\s@"/]+)@/,
  ],
})
