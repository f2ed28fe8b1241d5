import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * GX G30 (the former Coriant Groove): `show config | display commands` prints the commands that restore the node, one a line, with `-f` where
 * the prompt for a confirmation is skipped. The width of the page is a setting of the node (`cli-config`), so long lines may come wrapped.
 * There is no end mark: it must name the node and end with a whole command; the prompt, proved by an Enter, judges the end.
 * The vendor's guide could not be had again: commands, prompt and attributes are not confirmed.
 */
const value = String.raw`(?<secret>"[^"\n]*"|\S+)`
export default defineDriver({
  title: 'Infinera GX (Groove G30)',
  aliases: ['coriantgroove', 'groove', 'infinera', 'infinera_groove', 'infinera_g30', 'coriant'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.-]{1,63}@[\w.-]{1,63}(?:[:/ ][\w.\-/ ]{0,60})?> ?$/,
  prepare: [],
  pagers: [{ when: /^ *(?:-- ?)?[Mm]ore ?(?:--)?.{0,40}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:% ?|[Ee]rror: ?)?(?:[Uu]nknown|[Ii]nvalid|[Ii]ncomplete|[Aa]mbiguous|[Ss]yntax error).{0,80}/],
  denied: [/^ *(?:% ?|[Ee]rror: ?)?(?:[Aa]ccess denied|[Pp]ermission denied|[Nn]ot authorized)/],
  commands: [
    {
      run: 'show inventory',
      as: 'note',
      keep: /^ *(?<keep>(?:shelf|slot|card|chassis|pluggable|subslot|fan|pem)\S*(?: +[\w.\-/()]+){1,8}?) *$|^ *(?:AID|Name|Location)\b/,
    },
    {
      run: 'show softwareload',
      as: 'note',
      keep: /^ *(?:swload|softwareload|active|inactive)\S* +\S|^ *(?:swload-|label|version)\S* +\S/,
    },
    {
      run: 'show config | display commands',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[\s\S]*^(?:set|add)(?: -f)? (?:ne|system|node)\b)[\s\S]*^(?:set|add|delete) \S[^\n]*\n*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 600_000,
    },
  ],
  volatile: [/^# ?(?:Date|Time|Generated|Config)/],
  logout: ['quit -f'],
  secrets: [
    new RegExp(
      String.raw`^(?:set|add) (?:[^"\n]|"[^"\n]{0,200}"){0,200}?\b(?:password|passwd|user-password|encrypted-password|shared-secret|secret|key-string|auth-passphrase|auth-password|auth-key) ${value}`,
    ),
    new RegExp(
      String.raw`^(?:set|add) (?:[^"\n]|"[^"\n]{0,200}"){0,300}?\b(?:priv-passphrase|priv-password|priv-key|privacy-key) ${value}`,
    ),
    new RegExp(
      String.raw`^(?:set|add) (?:-f )?(?:snmp-community|community|snmp-server) (?:\S{1,60} )?(?:community-name |community )${value}`,
    ),
    new RegExp(
      String.raw`^(?:set|add) (?:[^"\n]|"[^"\n]{0,200}"){0,200}?\b(?:ntp-key|md5-key|ospf-key|authentication-key|pre-shared-key|psk) ${value}`,
    ),
    ...urlSecrets,
    ...pemSecrets,
  ],
})
