import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * Switches and InfiniBand systems. Newer releases end with the persistent prefix mode; older ones have no mode and no end
 * mark, so there the confirmed prompt is the judge.
 */
export default defineDriver({
  title: 'NVIDIA Onyx and MLNX-OS',
  aliases: ['mlnxos', 'mlnx-os', 'mellanox', 'onyx', 'mellanox_mlnxos', 'mellanox_onyx', 'nvidia_mlnxos'],
  comment: '## ',
  channel: 'shell',
  prompt: /^[\w.-]{1,64} (?:\[[^\]\n]{1,60}\] )?(?:\([^)\n]{1,60}\) )?[>#] ?$/,
  enable: iosEnable,
  prepare: ['no cli session paging enable', 'terminal length 999'],
  rejected: [/^% (?:Unrecognized|Invalid|Unknown|Ambiguous|Incomplete|Type )/, ...iosRejected],
  denied: [/^% (?:Access denied|Insufficient|Permission denied|You do not have)/, ...iosDenied],
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^(?:Product name|Product release|Build ID|Target arch|Target hw|Product model|Host ID|System serial num|System UUID): /,
    },
    { run: 'show inventory', as: 'note', keep: /^(?:CHASSIS|MGMT|FAN|PS\d?|CPU|L\d\d?|S\d\d?)\S* +/ },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])##\n## (?:Running|Active saved) database (?:(?![\s\S]*^## Running-config temporary prefix mode setting)[\s\S]*\S\n|[\s\S]*^## Persistent prefix mode setting\n##\n(?:no )?cli default prefix-modes enable\n)\n*(?![\s\S])/,
      totalMs: 240_000,
    },
  ],
  volatile: [/^## Generated at /, /^## Last config change ID: /],
  secrets: [
    /^ *(?:username|ldap|ntp|web|radius-server|tacacs-server)\b[^\n]{0,200} (?:password|bind-password|key|authentication-key \d+ \S+)(?: [057])? (?!auto$)(?<secret>"[^"\n]+"|\S+)$/,
    /^ *snmp-server (?:host \S+ (?:informs|traps)(?: port \d+)?(?: version 2c)?|community) (?!version )(?<secret>"[^"\n]+"|\S+)/,
    /^ *snmp-server (?:user|host) \S+ (?:[^\n]{0,200} )?(?:auth|priv) (?:md5|sha\d*|des|3des|aes-\d+\w*) (?<secret>\S+)/,
    /^ *snmp-server (?:user|host) \S+ (?:[^\n]{0,200} )?priv (?:des|3des|aes-\d+\w*) (?<secret>\S+)/,
    /^ *(?:router bgp \d+ (?:vrf \S+ )?)?neighbor \S+ password(?: [07])? (?<secret>\S+)/,
    /^ *(?:interface .{1,60} )?ip ospf (?:authentication-key|message-digest-key \d+ md5)(?: [07])? (?<secret>\S+)/,
    /^ *crypto [^\n]{0,200}\b(?:passphrase|preshared-key|psk)(?: [07])? (?<secret>"[^"\n]+"|\S+)/,
    ...iosSecrets,
  ],
})
