import { defineDriver } from '../driver.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * The configuration of UCS Manager as commands: scopes within scopes, the outermost of which ends the output. Passwords stand
 * in it as comments without a value. A full restore wants the backup that UCS Manager exports itself, a file.
 */
export default defineDriver({
  title: 'Cisco UCS Manager and fabric interconnects',
  aliases: ['ucs', 'ucsm', 'cisco-ucs', 'cisco_ucsm', 'fxos', 'cisco_fxos', 'fabric interconnect'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64}(?: ?\/[\w/. -]{0,80}\*?)? ?# ?$/,
  prepare: ['terminal length 0'],
  rejected: [/^% ?(?:Invalid|Incomplete|Ambiguous|Unknown|Unrecognized)/, /^(?:Error: )?[Ss]yntax error/],
  denied: [/^(?:Error: |% ?)?(?:Permission denied|Access denied|User .* not authorized)/],
  commands: [
    {
      run: ['show version brief', 'show version'],
      as: 'note',
      keep: /^ *(?:(?:System|Package)[ -]Vers(?:ion)?|Version): /,
    },
    {
      run: 'show fabric-interconnect inventory',
      as: 'note',
      keep: /^ {1,12}(?<keep>[AB] {1,8}\S.{10,160}?) {1,24}\d{1,9} {1,24}[A-Z][a-z ]{1,30}$/,
    },
    { run: 'show chassis inventory', as: 'note', keep: /^ *(?:Chassis|-+|\d+) +\S/ },
    { run: 'show server inventory', as: 'note', keep: /^ *(?:\d+\/\d+|\d+) +\S/ },
    {
      run: 'show configuration',
      as: 'config',
      complete: /(?<![\s\S])( {0,8})scope [\s\S]*^\1exit *\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  secrets: [
    /^[! ]*set (?:password|priv-password|auth-password|chap-password|secret|key|bind-password|community|snmp community|passphrase|lanPassword)(?: (?:encrypted|md5|sha))? (?!enable|disable|none)(?<secret>"[^"\n]*"|\S+)/,
    /^[! ]*(?:enter|create) (?:snmp-community|ipmi-user \S+ password) (?<secret>"[^"\n]*"|\S+)/,
    /^[! ]*(?:enter|create) snmp-trap \S+ (?:community )?(?<secret>"[^"\n]*"|\S+)$/,
    ...urlSecrets,
  ],
})
