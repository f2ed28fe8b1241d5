import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * The configuration database as JSON, which `config load` takes. Releases that render FRR's configuration put it in as one
 * string, `bgpraw`; what is secret in there is found too. The last brace stands at the left, and only there.
 */
export default defineDriver({
  title: 'SONiC',
  aliases: ['sonic_os', 'sonic-os', 'dell_sonic', 'dell_sonic_ssh', 'enterprise_sonic', 'edgecore_sonic'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: [...posixRejected, /^(?:Error: No such command|Usage: show )/],
  denied: [...posixDenied, /^(?:Root privileges|.*\[Errno 13\] Permission denied)/],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:SONiC (?:Software Version|OS Version)|Distribution|Kernel|Build commit|Platform|HwSKU|ASIC|ASIC Count|Serial Number|Model Number|Hardware Revision): /,
    },
    {
      run: [
        'show runningconfiguration all',
        'sudo -n show runningconfiguration all',
        'sonic-cfggen -d --print-data',
        'sudo -n cat /etc/sonic/config_db.json',
      ],
      as: 'config',
      complete: /(?<![\s\S])\{\n[\s\S]*^ {4}"DEVICE_METADATA": \{[\s\S]*^\}\n*(?![\s\S])/,
    },
  ],
  secrets: [
    /"[\w-]{0,40}(?:pass(?:key|word|wd|phrase)|PASSWORD|secret|SECRET|_cak|psk|token)(?:_hash)?": "(?<secret>[^"\n]{1,2000})"/,
    // SNMP communities are names of entries
    /^ {8}"(?<secret>[^"\n]{1,200})": \{\n {12}"(?:TYPE|type)": "R[OW]"/,
    // keys of NTP
    /^ {8}"\d{1,5}": \{\n(?: {12}[^\n]{1,200}\n){0,5}? {12}"value": "(?<secret>[^"\n]{1,200})"/,
    // FRR within a JSON string
    /\\n *(?:neighbor \S{1,80} password|(?:enable )?password(?: 8)?|key-string|ip ospf authentication-key|ip ospf message-digest-key \d{1,3} md5|isis password (?:md5|clear)) (?<secret>[^\s\\"]{1,200})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
