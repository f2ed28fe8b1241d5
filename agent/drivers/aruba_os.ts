import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Mobility controllers, 6.x and 8.x, where `*`, `^` or `@` in the prompt tells of a state and `[mynode]` of a place in the hierarchy.
 * Passphrases are printed encrypted, `******`, or in clear after `encrypt disable`, which changes the session and is never sent.
 */
export default defineDriver({
  title: 'ArubaOS (mobility controller)',
  aliases: ['arubaos', 'aosw', 'aruba', 'aruba_os_ssh', 'aruba-os', 'aruba_controller', 'aruba_ssh'],
  comment: '! ',
  channel: 'shell',
  prompt: /^\(?[\w.\-:@]{1,63}\)? ?[*^@]{0,2}(?:\[[\w.\-/:]{1,80}\] ?)?[*^]{0,2}[>#] ?$/,
  enable: iosEnable,
  prepare: ['no paging'],
  pagers: [
    { when: /^--More-- \(q\) quit .{0,80}$/, send: ' ' },
    { when: /^--More--.{0,60}$/, send: ' ' },
  ],
  rejected: [...iosRejected, /^(?:% )?(?:Parse error|Command not applicable|Invalid)/],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:(?:ArubaOS|Aruba Operating System|Alcatel-Lucent Operating System).*|ArubaOS \(MODEL: .*|Website.*|Switch role.*|ROM: .*)$/,
    },
    {
      run: 'show inventory',
      as: 'note',
      keep: /(?:Serial ?#|Assembly ?#|Model ?#|HW MAC Addr) *:/,
    },
    { run: 'show license', as: 'note', keep: /^[A-Za-z0-9+/]{8,12}-\S{8,}/ },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^(?:version \d|hostname ))[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 90_000,
      totalMs: 480_000,
    },
  ],
  volatile: [/^Building Configuration/, /^! ?Last (?:configuration|config) (?:change|modified)/],
  secrets: [
    /^mgmt-user (?!ssh-pubkey|webui-cacert)\S+ \S+ (?!\S* ?webui-cacert)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:ap[- ])?(?:wpa-passphrase|wpa-hexkey|wep(?:key|-key)\d|weptxkey|passphrase|preshared-key|ikepsk|masterip.*? ipsec(?:-factory-cert)?|localip .*? ipsec|peer-ip-address .*? ipsec|master-l2-redundancy.*? ipsec|pap-passwd|ap-console-password|bkup-passwords|console-password|pppoe-passwd|shared-secret|admin-passwd|bind-dn-password|cryptographic-key) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:vpdn|vpn-dialer|crypto|tunneled-node|provision-ap|ppp) .*?\b(?:key|key-hex|secret|password|authentication pre-share) (?!address\b)(?<secret>"[^"\n]*"|\S+)$/,
    /^crypto(?:-local)? isakmp key (?<secret>"[^"\n]*"|\S+)/,
    /^ *local-userdb.*? (?:password|passwd) (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server (?:host|inform) \S+ .*?\bversion \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user \S+ auth-prot \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server user \S+ .*?\bpriv-prot \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:user|username) .*?\b(?:password|passwd|hash) (?<secret>"[^"\n]*"|\S+)/,
    /^ +ike authentication PRE-SHARE (?<secret>"[^"\n]*"|\S+)/,
    /^vrrp (?:ipv6 )?\d+ *\n(?: +.*\n){0,12}? +authentication (?<secret>"[^"\n]*"|\S+)/,
    /^ *authentication (?:password|key|text) (?<secret>"[^"\n]*"|\S+)/,
    /^ +(?:ip ospf )?message-digest-key \d+ \S* ?(?<secret>"[^"\n]*"|\S+)$/,
    ...iosSecrets,
  ],
})
