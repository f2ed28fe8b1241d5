import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected } from './shared/posix.ts'
import { systemCfgRuns, systemCfgSecrets, wholeSystemCfg } from './shared/ubiquiti.ts'

/**
 * Access points and switches that a UniFi controller manages, over their own SSH. What is restored is the controller's; this
 * is what it has told the device.
 */
export default defineDriver({
  title: 'Ubiquiti UniFi access points and switches',
  aliases: ['unifi', 'unifiap', 'unifi_ap', 'unifi_usw', 'ubiquiti_unifiswitch', 'unifi_switch'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: posixDenied,
  commands: [
    { run: 'mca-cli-op info', as: 'note', keep: /^(?:Model|Version|MAC Address|Hostname): / },
    { run: 'cat /etc/board.info', as: 'note', keep: /^board\.(?:sysid|name|shortname|hwaddr|bom)=/ },
    { run: systemCfgRuns, as: 'config', complete: wholeSystemCfg },
  ],
  // the controller writes these at each contact or provisioning
  volatile: [/^(?:selfrun_guest_mode|last_error|report_crash|reported_stats|stun_url|discovered_via)=/],
  secrets: systemCfgSecrets,
})
