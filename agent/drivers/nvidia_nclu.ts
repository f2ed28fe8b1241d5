import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected } from './shared/posix.ts'
import { urlSecrets } from './shared/secrets.ts'

/** Cumulus Linux up to 4.x. The commands of NCLU restore the switch; a line of our own proves that they came whole. */
const shown = 'net show configuration commands && echo "# end of configuration"'

export default defineDriver({
  title: 'NVIDIA Cumulus Linux (NCLU)',
  aliases: ['cumulus', 'cumulus_linux', 'cumuluslinux', 'nclu', 'cumulus_nclu'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: [...posixRejected, /^ERROR: (?:Command not found|.*unknown command)/],
  denied: [...posixDenied, /^ERROR: (?:You do not have permission|User \S+ does not have permission)/],
  commands: [
    { run: 'cat /etc/lsb-release', as: 'note', keep: /^DISTRIB_(?:ID|RELEASE|DESCRIPTION)=/ },
    {
      run: 'net show system',
      as: 'note',
      keep: /^(?:Hostname|Build|Vendor Name|Product Name|Part Number|Serial Number|Base MAC Address|Memory|CPU|ASIC|Disk|ONIE Version|Platform Name)\b/,
    },
    {
      run: [shown, `sudo -n sh -c '${shown}'`],
      as: 'config',
      complete: /(?<![\s\S])(?:net (?:add|del) [^\n]*\n)[\s\S]*^# end of configuration\n*(?![\s\S])/,
    },
  ],
  secrets: [
    /^net add snmp-server (?:readonly-community|readonly-community-v6) (?<secret>\S{1,200})/,
    /^net add snmp-server trap-destination \S{1,80} (?:vrf \S{1,40} )?community-password (?<secret>\S{1,200})/,
    /^net add snmp-server username \S{1,80} auth-(?:md5|sha) (?<secret>\S{1,200})/,
    /^net add snmp-server username \S{1,80} (?:[^\n]{0,200} )?encrypt-(?:des|aes) (?<secret>\S{1,200})/,
    /^net add snmp-server trap-destination \S{1,80} (?:[^\n]{0,200} )?auth-(?:md5|sha) (?<secret>\S{1,200})/,
    /^net add snmp-server trap-destination \S{1,80} (?:[^\n]{0,200} )?encrypt-(?:des|aes) (?<secret>\S{1,200})/,
    /^net add (?:vrf \S{1,40} )?bgp (?:vrf \S{1,40} )?(?:autonomous-system \S{1,20} )?neighbor \S{1,80} password (?<secret>\S.{0,200})$/,
    /^net add (?:interface|bond|vlan|loopback) \S{1,80} ospf (?:authentication-key|message-digest-key \d{1,3} md5) (?<secret>\S{1,200})/,
    /^net add dot1x radius (?:shared-secret|server-ip \S{1,80} shared-secret) (?<secret>\S{1,200})/,
    /^net add [^\n]{0,80}\b(?:tacacs|radius) [^\n]{0,120}\bsecret (?<secret>\S{1,200})/,
    /^net add (?:routing )?(?:enable )?password (?<secret>\S{1,200})/,
    // what NCLU has no command for, appended to frr.conf
    /^sudo sh -c "printf '[^\n]{0,400}?\b(?:password(?: \d)?|key-string|authentication-key|message-digest-key \d{1,3} md5) (?<secret>[^\s'\\]{1,200})/,
    ...urlSecrets,
  ],
})
