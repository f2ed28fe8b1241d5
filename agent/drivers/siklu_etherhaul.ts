import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Radios EtherHaul and their kin MultiHaul. Sections `# OBJECT configuring` with lines `set OBJECT …`, as a published script types them into
 * a MultiHaul; that an EtherHaul displays the same is not confirmed, nor are notes, refusals and pages. So `OBJECT … : value`, as `show` prints,
 * is taken too, and much is masked. No end mark is known: objects that every radio has must stand in it, and the prompt that is proved by an
 * Enter must do for the rest.
 */
const before = String.raw`^(?!(?:set )?system )(?:set )?[a-z][\w-]{1,30} (?:(?! (?:alias|desc\w*|label|banner) ).| (?:alias|desc\w*|label|banner) +(?:"[^"\n]{0,200}"|[^\s"]\S{0,100})){0,300}?`
const value = String.raw`(?: *: *| +)(?!none(?: |$))(?<secret>"[^"\n]+"|[^\s":]\S*)`
const after = (words: string): RegExp => new RegExp(`${before}(?<= )(?:${words})${value}`)

export default defineDriver({
  title: 'Siklu EtherHaul',
  aliases: ['siklu', 'etherhaul', 'siklu_eh', 'siklu-etherhaul', 'multihaul'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}[>#] ?$/,
  rejected: [
    /^(?:% ?|[Ee]rror:? )?(?:[Ss]yntax error|[Ii]nvalid (?:command|input|argument|parameter)|[Uu]n(?:known|recognized) (?:command|object|keyword)|[Ii]ncomplete command|[Aa]mbiguous command|[Cc]ommand not found)/,
  ],
  denied: [
    /^(?:% ?|[Ee]rror:? )?(?:[Pp]ermission denied|[Aa]ccess denied|[Nn]ot (?:permitted|authorized)|[Ii]nsufficient privileges?)/,
  ],
  commands: [
    {
      run: ['show inventory', 'show inventory all'],
      as: 'note',
      keep: /^(?<keep>inventory \d{1,3} (?:desc|name|hw-rev|fw-rev|sw-rev|serial|mfg-name|model-name) *: *\S.{0,120}?) *$/,
    },
    { run: 'show sw', as: 'note', keep: /^(?<keep> *\d {1,20}\d[\w.-]{2,40}) +(?:yes|no)\b/ },
    {
      run: 'copy running-configuration display',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^(?:set )?eth )(?=[\s\S]*^(?:set )?ip )(?=[\s\S]*^(?:set )?(?:system|rf|snmp-agent) )(?=[\s\S]*^(?:set )?(?:ntp|aaa|access-list|event-cfg) )[\s\S]*\S\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [
    /^(?:set )?system (?:uptime|date|time|temperature|voltage) {1,20}(?:: {0,2})?\d[\d.:-]{0,20}$/,
    /^[#!].{0,60}\b\d{1,2}:\d\d:\d\d\b/,
  ],
  secrets: [
    after('(?!priv)[\\w-]{0,20}(?:password|passwd|passw|pass|passphrase|pwd)'),
    after('(?!priv)[\\w-]{0,20}(?:secret|psk|key)'),
    after('priv[\\w-]{0,10}-(?:password|passwd|pass|passphrase|pwd|key)'),
    after('read-com(?:munity)?'),
    after('write-com(?:munity)?'),
    after('(?:trap-|snmp-)?com(?:munity)?(?:-name)?'),
    /^(?:set )?snmp-[\w-]{1,20} .{0,300}?(?<= )security-name(?: *: *| +)(?<secret>"[^"\n]+"|[^\s":]\S*)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
