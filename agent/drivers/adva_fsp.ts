import { commonPagers, defineDriver } from '../driver.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * FSP 150 (GE11x, XG, FSP150CC): `show running-config current` builds the list of commands that restores the element; each context is
 * entered from `home`. Paging can be switched off only in the user's own record, which would be a change; so the pager is answered.
 * The list has no end mark: the system and, behind it, an element must be there, and the confirmed prompt judges the end.
 */
const field = String.raw`(?<secret>"[^"\n]*"|\S+)`
export default defineDriver({
  title: 'Adva FSP 150',
  aliases: ['adva', 'fsp150', 'fsp_150', 'adva_fsp150', 'adva_fsp150f3', 'adva_f3'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,63}(?::[\w-]{1,40})*-{1,3}[>#] ?$/,
  pagers: [{ when: /^[ \t]*(?:<SPACE>|Press <?SPACE>?|Type <CR>).{0,60}$/, send: ' ' }, ...commonPagers],
  rejected: [
    /^(?:Unrecognized command|Unrecognised command|Syntax error|Invalid (?:command|input)|Unknown command|Incomplete command|Ambiguous)/,
  ],
  denied: [/^.{0,20}(?:Insufficient privilege|Permission denied|Operation not permitted)/],
  commands: [
    {
      run: 'show system',
      as: 'note',
      keep: /^ *(?:System (?:Name|Description|Location|Contact|Type)|Software Version|Active Software|Serial Number) *:/,
    },
    {
      run: ['show running-config current', 'show running-config delta'],
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^home\n)(?=[\s\S]*^ *configure (?:system|user-security|snmp)\b)[\s\S]*^ *network-element ne-\d/,
      idleMs: 120_000, // it builds the file first
      totalMs: 600_000,
    },
  ],
  volatile: [/^Preparing configuration file/, /^#.*(?:Date|Time|Generated|created)\b/],
  logout: ['logout'],
  secrets: [
    new RegExp(
      String.raw`^ *(?:(?:add|edit) )?(?:user|cli-user|config-user) "?[^\s"]+"? [^"\n]{0,120}?\b(?:encrypted-)?password ${field}`,
    ),
    new RegExp(String.raw`^ *(?:add|edit) target-params \S+ \S+ snmpv(?:1|2c) ${field}`),
    new RegExp(String.raw`^ *(?:add|edit) (?:community|community-map) (?:index \S+ )?${field}`),
    new RegExp(
      String.raw`^ *(?:add|edit|config) (?:usm-user|v3user|snmp-user) .{0,160}?\bauth(?:-key|-password)? (?:md5 |sha\S* )?(?!md5|sha|no)${field}`,
    ),
    new RegExp(
      String.raw`^ *(?:add|edit|config) (?:usm-user|v3user|snmp-user) .{0,160}?\bpriv(?:-key|-password)? (?:des |aes\S* )?(?!des|aes|no)${field}`,
    ),
    new RegExp(
      String.raw`^ *(?:rap-\S+|radius|tacacs|(?:add|edit|config) (?:remote-auth-server|rap|ntp-key|macsec-key)) .{0,160}?\b(?:secret|shared-secret|key|password) ${field}`,
    ),
    new RegExp(`^ *(?:shared-secret|secret|(?:encrypted-)?password|auth-key|priv-key|md5-key|psk) ${field}`),
    ...urlSecrets,
  ],
})
