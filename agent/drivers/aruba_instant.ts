import { defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * The virtual controller's configuration, from whichever access point holds it. There is no end mark: `version` stands first and the
 * last sections are `uplink` or profiles like it; a cut between two sections is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Aruba Instant',
  aliases: ['instant', 'aruba_iap', 'iap', 'aruba-instant', 'arubainstant', 'aruba_ap'],
  comment: '# ',
  channel: 'shell',
  prompt: /^[\w.\-:@+ ]{1,63}[>#] ?$/,
  prepare: ['no paging'],
  pagers: [{ when: /^--More--.{0,80}$/, send: ' ' }],
  rejected: [...iosRejected, /^%? ?(?:Parse error|Invalid)/],
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Aruba Operating System Software|(?<keep>ArubaOS \(MODEL: .*)|Website)/,
    },
    {
      run: 'show inventory',
      as: 'note',
      keep: /^ *(?:System Serial|AP Type|Serial|Type|MAC|AP System Serial)\S* *:? /,
    },
    {
      run: ['show running-config no-encrypt', 'show running-config'],
      as: 'config',
      complete:
        /(?<![\s\S])version \S+\n(?=[\s\S]*^(?:virtual-controller-key|organization|name) )(?=[\s\S]*^(?:mgmt-user|hash-mgmt-user) )[\s\S]*^(?:wlan |wired-port-profile |enet\d-port-profile |uplink|airgroup|attack|wlan sta-profile)[^\n]*\n(?:[\s\S]*\n)?\s*(?:\S[^\n]*)\s*(?![\s\S])/,
      totalMs: 240_000,
    },
  ],
  volatile: [/^(?:Building Configuration|clock set )/],
  secrets: [
    /^ *virtual-controller-key (?<secret>\S+)/,
    /^ *(?:hash-)?mgmt-user \S+ (?!password )(?<secret>"[^"\n]*"|\S+)/,
    /^ *hash-mgmt-user \S+ password (?:hash|cleartext) (?<secret>"[^"\n]*"|\S+)/,
    /^ *user \S+ (?!portal$|radius$)(?<secret>"[^"\n]*"|\S+) (?:portal|radius)$/,
    /^ *(?:wpa-passphrase|wpa-hexkey|wep-key|wep-key\d|key|shared-key|admin-password|ap1x-peap-user \S+|pppoe-passwd|pppoe-chapsecret|passphrase|dynamic-dns.* key|ams-key|vpn ikepsk|aeroscout-passwd|mpsk-local-passphrase \S+|cluster-security-key|bootpasswd|dtls-psk|authentication-token|access-token|client-secret|password) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:vpn ikepsk|ppp-username|cellular-uplink) .*?\b(?:ikepsk|password|passwd) (?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:snmp-server )?community (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server host \S+ version \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user \S+ auth-prot \S+ (?<secret>"[^"\n]*"|\S+)/,
    /^ *snmp-server user \S+ .*?\bpriv-prot \S+ (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
