import { defineDriver } from '../driver.ts'
import {
  ruckusCommands,
  ruckusDenied,
  ruckusLogin,
  ruckusPrompt,
  ruckusRejected,
  ruckusSecrets,
} from './shared/ruckus-cli.ts'

/** 1100 to 5000. One administrator at a time has the privilege; `enable force` would throw out the other one, so it is never sent. There is no end mark: the confirmed prompt judges what comes behind the WLANs. */
export default defineDriver({
  title: 'RUCKUS ZoneDirector',
  aliases: ['zonedirector', 'zd', 'ruckus_zd', 'ruckus-zonedirector'],
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
