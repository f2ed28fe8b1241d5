import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * `configuration show` prints a header, then one titled section after the other and no end mark; the last section differs from
 * release to release. A whole one begins with the header, has users and SNMP, and ends with the comment line that closes a section.
 * `session` keeps the switched-off pager to this login. An unsaved change shows as `*` in the prompt.
 */
const field = String.raw`(?<secret>"[^"\n]*"|\S+)`
export default defineDriver({
  title: 'Ciena SAOS 6',
  aliases: ['saos', 'saos6', 'ciena', 'ciena_saos', 'ciena_saos_telnet', 'ciena-saos'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.-]{1,63}\*?> ?$/,
  prepare: ['system shell session set more off'],
  rejected: [/^SHELL PARSER FAILURE/, /^ERROR: .*(?:unknown|unmatched|invalid) (?:command|input)/],
  denied: [/^(?:ERROR|FAILURE|SHELL PARSER FAILURE): .*(?:[Pp]rivilege|[Pp]ermission|[Nn]ot authorized)/],
  commands: [
    { run: 'software show', as: 'note', keep: /^\| (?:Installed Package|Running Package|Running MIB [Vv]ersion) +:/ },
    {
      run: ['chassis show device-id', 'chassis device-id show'],
      as: 'note',
      keep: /^\| *(?:Device Type|Ethernet Base Address|(?:Chassis )?Serial Number|(?:Chassis )?Part Number\S*|CLEI Code|Clei Code) +\|/,
    },
    {
      run: 'configuration show',
      as: 'config',
      complete:
        /(?<![\s\S])! .{1,40} Configuration File\n(?=[\s\S]*^! SECURITY CONFIG:\n)(?=[\s\S]*^! SNMP\n)[\s\S]*\n!\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^! (?:Created|Created by|On terminal):/],
  secrets: [
    new RegExp(
      String.raw`^(?:user|tacacs|radius|radsec|dot1x|xftp|ntp|ntp-client|sntp|ssh|software|port|vlan|license) [^"\n]{0,200}?\b(?:secret|password|auth-key|echoless-secret) ${field}`,
    ),
    new RegExp(
      String.raw`^(?:tacacs|radius|ntp|ntp-client|sntp) [^"\n]{0,200}?\b(?:key|md5-key|shared-secret) (?!\d+ )${field}`,
    ),
    new RegExp(String.raw`^snmp (?:create|set|add) [^"\n]{0,200}?\bcommunity ${field}`),
    new RegExp(String.raw`^snmp (?:create|set|add) .{0,200}?\bauth-(?:secret|password|key) ${field}`),
    new RegExp(String.raw`^snmp (?:create|set|add) .{0,200}?\bpriv-(?:secret|password|key) ${field}`),
    new RegExp(
      String.raw`^(?:ospf|isis|rsvp-te|ldp|bgp|l2-cft) [^"\n]{0,200}?\b(?:auth-key|auth-password|authentication-key|md5-key|password) ${field}`,
    ),
    ...urlSecrets,
    ...pemSecrets,
  ],
})
