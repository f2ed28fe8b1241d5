import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * CIT has processes: after login `*`, `process 5` goes to the menu of the running configuration, `Config$`, where `show config` prints all of
 * it. Going there is what other systems call enable. The text begins with `log-command-errors` and ends with `dump-command-errors`, `end`.
 * The manuals could not be had again to confirm it.
 */
const field = String.raw`(?:ciphered |plain )?(?<secret>"[^"\n]*"|\S+)`
export default defineDriver({
  title: 'Teldat CIT',
  aliases: ['teldat', 'cit', 'teldat_cit_telnet', 'teldat_cit_ssh', 'teldat-cit'],
  comment: '; ',
  channel: 'shell',
  prompt: /^(?:[\w.\-/]{1,63} ?)?(?:\*|[Cc]onfig[>$]) ?$/,
  enable: { run: 'process 5', from: /\* ?$/, password: /^[Pp]assword: ?$/ },
  prepare: [],
  rejected: [/^ *CLI Error: (?:Unrecognized command|Command error|Ambiguous|Incomplete|Invalid)/, /^ *Command error/],
  denied: [/^ *(?:CLI Error: )?(?:Access denied|Permission denied|User not authorized|Insufficient)/],
  commands: [
    {
      run: 'show config',
      as: 'config',
      complete:
        /(?<![\s\S])\s*; Showing (?:Menu|System) [\s\S]*^ +log-command-errors$[\s\S]*^ +dump-command-errors\n +end\s*(?:;[^\n]*\s*)*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^; (?:Date|Time|Generated|Last)\b/],
  logout: [],
  secrets: [
    new RegExp(
      String.raw`^ *(?:user \S{1,64} |enable |login |console |telnet |ftp |set |ppp |authentication |)(?:hash-)?(?:password|passwd)(?: (?:sha\d*|md5|level \d{1,2}))? ${field}`,
    ),
    new RegExp(`^ *community (?!list)${field}`),
    new RegExp(
      String.raw`^ *user \S{1,64} .{0,120}?\b(?:hash-password|password|auth \S{1,8}|md5|sha) (?!sha\d* |md5 )${field}`,
    ),
    new RegExp(String.raw`^ *user \S{1,64} .{0,200}?\b(?:priv \S{1,8}|des|aes) ${field}`),
    new RegExp(String.raw`^ *key (?:preshared|pre-shared) (?:ip|hostname|fqdn|asn|address) \S{1,128} ${field}`),
    new RegExp(
      String.raw`^ *(?:primary-)?(?:secondary-)?(?:secret|shared-secret|address \S{1,40} key|server \S{1,40} (?:key|secret)) ${field}`,
    ),
    new RegExp(String.raw`^ *(?:ppp )?authentication (?:sent-user|allowed-user|pap|chap) .{0,120}?\bpassword ${field}`),
    new RegExp(
      String.raw`^ *(?:neighbor \S{1,40} password|authentication-key|authentication-message-digest \d{1,3} md5|message-digest-key \d{1,3} md5|vrrp \d{1,3} authentication \S{1,10}|ip ospf authentication-key) ${field}`,
    ),
    new RegExp(`^ *(?:wpa|wep|key)-?(?:passphrase|preshared-key|psk|key)? (?:passphrase|psk|ascii|hex) ${field}`),
    new RegExp(String.raw`^ *(?:sim \S{1,12} )?(?:pin|local-pin) ${field}`),
    ...urlSecrets,
    ...pemSecrets,
  ],
})
