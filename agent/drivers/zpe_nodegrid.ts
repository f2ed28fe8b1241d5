import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * `export_settings` prints what `import_settings` takes: a path, then `field=value`, a setting on each line. `--plain-password` shows the
 * keys too, without it they are stars. There is no end mark: it names the host and ends with a whole setting; the prompt judges the end.
 */
const value = String.raw`(?<secret>"[^"\n]{1,4000}"|[^\s"][^\n]{0,4000})`
export default defineDriver({
  title: 'ZPE Systems Nodegrid',
  aliases: ['nodegrid', 'zpe', 'zpe nodegrid', 'zpe_systems', 'nodegrid_os'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh', 'telnet'],
  prompt: /^\[[\w.-]{1,64}@[\w.-]{1,64} [\w./~{}+-]{0,80}\]# ?$/,
  pagers: [{ when: /^-- ?more ?--:? ?$/, send: ' ' }, ...commonPagers],
  rejected: [/^Error: ?(?:Invalid|Unknown|Missing|Ambiguous|Command)/],
  denied: [/^Error: ?(?:Permission denied|Access denied|Not authori[sz]ed|.{0,40}not allowed)/],
  commands: [
    {
      run: 'show /system/about/',
      as: 'note',
      keep: /^(?:system|licenses|software|cpu|cpu cores|bogomips per core|serial number|model|part number|bios version|psu|revision tag): /,
    },
    {
      run: ['export_settings /settings --plain-password', 'export_settings /settings'],
      as: 'config',
      complete:
        /(?<![\s\S])(?:#[^\n]*\n)*\/settings\/\S+(?: [^\n]*)?\n(?=[\s\S]*^\/settings\/network_settings hostname=)[\s\S]*^\/settings\/\S+(?: \w[\w+-]*=(?:"[^"]*"|[^"\n]*))?\s*(?![\s\S])/,
      idleMs: 120_000,
      totalMs: 900_000,
    },
  ],
  volatile: [/^\/settings\/(?:system_preferences latest_profile_applied|date_and_time (?:current_time|time|date))=/],
  secrets: [
    new RegExp(
      String.raw`^/settings/[^\s=]{1,200} [\w+-]{0,60}(?:password|passwd|passphrase|secret|psk|pre-shared_key|preshared_key|private_key|shared_key|community|api_key|token|pin|auth_key|priv_key)(?:_\d{1,2}|_string)?=(?!yes$|no$|\*)${value}`,
    ),
    // the community is a part of the entry's path: `COMMUNITY_SOURCE`
    /^\/settings\/snmp\/v1_v2_v3\/(?<secret>[^\s=]{1,80})_[^\s_]{1,64} /,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
