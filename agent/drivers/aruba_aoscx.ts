import { defineDriver } from '../driver.ts'
import { iosDenied, iosRejected } from './shared/ios-like.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * 6000 to 10000 series. There is no end mark: the first lines, VLANs
 * and interfaces are always printed, and the confirmed prompt judges the rest.
 */
export default defineDriver({
  title: 'HPE Aruba Networking AOS-CX',
  aliases: ['aoscx', 'aos-cx', 'arubaoscx', 'aruba-cx', 'aruba_cx', 'aruba_aoscx_ssh', 'arubaos-cx', 'hpe_aoscx'],
  comment: '! ',
  channel: 'shell',
  prompt: /^[\w.\-+]{1,64}[>#] ?$/,
  answers: [{ when: /change (?:the|your) password.{0,40}\[?[yY]\/[nN]\]? ?\??:? ?$/, send: 'n' }],
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  prepare: ['no page'],
  rejected: iosRejected,
  denied: [...iosDenied, /^Cannot execute command\. (?:Command not allowed|Could not authorize)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Version|Build ID|Build SHA|Active Image|Service OS Version|BIOS Version) +:/,
    },
    {
      run: 'show system',
      as: 'note',
      keep: /^(?:Vendor|Product Name|Chassis Serial Nbr|Base MAC Address|ArubaOS-CX Version|AOS-CX Version) +:/,
    },
    { run: 'show module', as: 'note', keep: /^ *(?<keep>\d+\/\d+ +[A-Z]\S+ .{0,60}? {2,}[A-Z0-9]{8,14})\b/ },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?:Current configuration:\n)?!\s*\n!Version \S+ [^\n]+\n(?=[\s\S]*^vlan \d)[\s\S]*^interface \S[^\n]*\n(?:[\s\S]*\n)?\S[^\n]*\s*(?![\s\S])/,
      totalMs: 240_000,
    },
  ],
  volatile: [/^Current configuration:$/],
  secrets: [
    /^(?!.*\b(?:description|banner|remark) ).*?\bciphertext (?<secret>[^\s"]\S*)/,
    /^ *(?:user|tacacs-server|radius-server|aaa) .*?\b(?:password|key|secret)(?: plaintext)? (?!ciphertext\b|plaintext\b|minimum|complexity|expiry)(?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server community (?<secret>"[^"\n]*"|\S+)/,
    /^snmp-server host \S+ .*?\bcommunity (?<secret>"[^"\n]*"|\S+)/,
    /^snmpv3 user \S+ .*?\bauth-pass(?: (?:plaintext|ciphertext))? (?<secret>"[^"\n]*"|\S+)/,
    /^snmpv3 user \S+ .*?\bpriv-pass(?: (?:plaintext|ciphertext))? (?<secret>"[^"\n]*"|\S+)/,
    /^ *ntp authentication-key \d+ \S+ (?!ciphertext\b)(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:neighbor \S+ password|ip ospf (?:authentication-key|message-digest-key \d+ \S+)|authentication (?:text|md5 key-chain|simple)|key-string|cryptographic-key|pre-shared-key|cak)(?: plaintext)? (?!ciphertext\b)(?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
