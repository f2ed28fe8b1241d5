import { defineDriver } from '../driver.ts'
import { jsonCommands, jsonSecrets } from './shared/json.ts'

/**
 * A UniFi OS console (Dream Machine, Cloud Key, UniFi OS Server) with its Network application: what a site is configured to be. It is
 * the site `default`, as the first one of each console is called; the access points and switches themselves are read over SSH.
 */
const collections = `networkconf wlanconf setting firewallrule firewallgroup portforward routing portconf usergroup radiusprofile`
const more = 'account dhcpoption dynamicdns wlangroup hotspotop'
const paths = (names: string) => names.split(/\s+/).map((name) => `/proxy/network/api/s/default/rest/${name}`)

export default defineDriver({
  title: 'Ubiquiti UniFi OS console (UniFi Network)',
  aliases: [
    'unifios',
    'unifi_os',
    'unifi_network',
    'unifi_controller',
    'udm',
    'dream machine',
    'cloud key',
    'unifi-os',
  ],
  comment: '// ',
  channel: 'exchange',
  transports: ['https'],
  prompt: /^\n$/,
  http: {
    login: {
      kind: 'session',
      steps: [
        {
          request: 'POST /api/auth/login',
          json: '{"username":"{username}","password":"{password}"}',
          refusedStatus: [400, 499],
        },
      ],
    },
  },
  rejected: [/^<(?:!DOCTYPE|html)/],
  commands: [
    { run: 'GET /proxy/network/status', as: 'note', keep: /^ *"(?:server_version|server_running_version)": / },
    ...jsonCommands(paths(collections), paths(more)),
  ],
  volatile: [/^ *"(?:last_seen|last_updated|uptime|next_update_time|last_reset|setting_updated_at)": \d+,?$/],
  secrets: [
    ...jsonSecrets(
      String.raw`x_(?!\w*username)\w{1,60}|\w{0,40}(?:password|passphrase|secret|psk|pre_shared_key|private_key|auth_key|api_key|token)|community`,
    ),
  ],
  logout: [],
})
