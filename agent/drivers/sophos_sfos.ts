import { defineDriver } from '../driver.ts'
import { pemSecrets } from './shared/secrets.ts'

/** What is asked for: names of the XML API. A release that does not know one answers so in its place, and the rest is there. */
const entities = `Zone Interface VLAN LAG BridgePair Alias DNS DHCPServer UnicastRoute SDWANPolicyRoute GatewayConfiguration FirewallRule NATRule
  LocalServiceACL IPHost IPHostGroup FQDNHost FQDNHostGroup MACHost Services ServiceGroup VPNProfile VPNIPSecConnection UserGroup User
  AuthenticationServer AdministrationProfile AdminSettings SNMPAgentConfiguration SNMPCommunity SNMPv3User SyslogServers Time Notification`

const login = '<Login><Username>{username}</Username><Password>{password}</Password></Login>'
/** The body of a form; the places of name and password stay as they are. */
const encoded = (xml: string) => encodeURIComponent(xml).replace(/%7B(\w+)%7D/g, '{$1}')
const get = (names: string) =>
  encoded(`<Request>${login}<Get>${names.replace(/\s*(\w+)\s*/g, '<$1></$1>')}</Get></Request>`)

/**
 * Sophos Firewall by its XML API, which must be turned on for the address of the agent (Backup and firmware > API). Every request holds the
 * login; the transport fills it in. A wrong one is answered with status 200, so the first request asks for nothing else.
 */
export default defineDriver({
  title: 'Sophos Firewall SFOS',
  aliases: ['sfos', 'sophos', 'sophos_sfos_https', 'sophos_xg', 'sophos_xgs', 'sophos-firewall', 'cyberoam'],
  comment: '<!-- ',
  commentEnd: ' -->',
  channel: 'exchange',
  transports: ['https'],
  http: {
    login: {
      kind: 'session',
      steps: [
        {
          request: 'POST /webconsole/APIController',
          form: { reqxml: `<Request>${login}</Request>` },
          refused: /Authentication Failure/,
          take: { state: /<status>(?<value>Authentication Successful)</ },
        },
      ],
    },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    fill: 'xml in a form',
  },
  prompt: /^\n$/,
  rejected: [],
  denied: [/^ *<status>Authentication Failure/, /^ *<Status code="5(?:32|34)"/],
  commands: [
    {
      run: `POST /webconsole/APIController reqxml=${get(entities)}`,
      as: 'config',
      complete: /(?<![\s\S])<Response[ >][\s\S]*^ +<\/FirewallRule>[\s\S]*^<\/Response>\n?(?![\s\S])/,
      totalMs: 300_000,
    },
  ],
  // the version of the signatures, which change by themselves, stands in the first line
  unwrap: /(?<=<Response [^<>\n]{0,80}) IPS_CAT_VER="[^"\n]{0,40}"/,
  logout: [],
  secrets: [
    /<\w{0,40}(?:[Pp]assword|[Ss]ecret|[Pp]assphrase|[Pp]re-?[Ss]hared-?[Kk]ey|PSK|[Ee]ncryption[Kk]ey|[Aa]pi[Kk]ey|AccessToken)\w{0,20}(?: [^<>\n]{0,200})?>(?<secret>[^<\n]+)<\//,
    /<SNMPCommunity(?: [^<>\n]{0,200})?>\s{0,20}<Name>(?<secret>[^<\n]+)<\//,
    ...pemSecrets,
  ],
})
