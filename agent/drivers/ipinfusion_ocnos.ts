import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'
import { netconfWay } from './shared/netconf.ts'

/** Also sold under the names of Edgecore, UfiSpace and others; ZebOS, where it comes from, answers alike. */
export default defineDriver({
  title: 'IP Infusion OcNOS',
  aliases: ['ocnos', 'ipinfusion', 'ipinfusion_os', 'zebos'],
  comment: '! ',
  channel: 'shell',
  transports: ['ssh', 'netconf', 'telnet'],
  over: { netconf: netconfWay },
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'terminal width 511'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:Software (?:Product|version)|Software Baseline|Hardware Model|Software Feature Code|OcNOS version|Build Number|Release)/,
    },
    {
      run: 'show hardware-information memory',
      as: 'note',
      keep: /^(?:Product Name|Serial Number|Part Number|Base MAC Address|Label Revision|Platform Name|ONIE Version|Manufacturer)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?:!|[a-z])[\s\S]*^!\n(?:[\s\S]*\n)?end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 240_000,
    },
  ],
  volatile: [
    /^! ?(?:Last configuration change|Current configuration|Time|No configuration change) ?/,
    /^Building configuration/,
  ],
  secrets: [
    /^ *username \S+ (?:[^\n]{0,120} )?password (?:encrypted )?(?<secret>\S+)/,
    /^ *snmp-server user \S+ [^\n]{0,120}\bauth (?:MD5|SHA|md5|sha) (?:encrypt )?(?<secret>\S+)/,
    /^ *snmp-server user \S+ [^\n]{0,200}\bpriv (?:DES|AES|des|aes) (?<secret>\S+)/,
    /^ *(?:radius|tacacs)-server (?:login )?(?:host \S+ )?(?:vrf \S+ )?(?:host \S+ )?[^\n]{0,80}\bkey (?:[07] )?(?<secret>\S+)/,
    /^ *(?:neighbor \S+ (?:authentication-key|password|auth md5 password)|authentication-key|auth-key)(?: [07])? (?<secret>\S+)/,
    /^ *(?:ip ospf |ipv6 ospf |area \S+ virtual-link \S+ )(?:authentication-key|message-digest-key \d+ md5)(?: [017])? (?<secret>\S+)/,
    /^ *key-string(?: encrypted)? (?<secret>\S+)/,
    // its own form has one word more
    ...iosSecrets.filter(({ source }) => !source.includes('snmp-server user')),
  ],
})
