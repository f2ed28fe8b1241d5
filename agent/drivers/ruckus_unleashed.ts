import { defineDriver } from '../driver.ts'
import {
  ruckusCommands,
  ruckusDenied,
  ruckusLogin,
  ruckusPrompt,
  ruckusRejected,
  ruckusSecrets,
} from './shared/ruckus-cli.ts'

/** Access points without a controller; the master answers. `enable force` would throw out another administrator, so it is never sent. There is no end mark: the confirmed prompt judges what comes behind the WLANs. */
export default defineDriver({
  title: 'RUCKUS Unleashed',
  aliases: ['unleashed', 'ruckus-unleashed', 'ruckus_ap_unleashed'],
  comment: '# ',
  channel: 'shell',
  prompt: ruckusPrompt,
  login: ruckusLogin,
  enable: { run: 'enable', from: /> ?$/, password: /^[Pp]assword: ?$/ },
  rejected: ruckusRejected,
  denied: ruckusDenied,
  commands: ruckusCommands,
  secrets: ruckusSecrets,
})
