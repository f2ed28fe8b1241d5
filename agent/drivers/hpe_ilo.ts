import { defineDriver } from '../driver.ts'
import { jsonCommands, jsonSecrets } from './shared/json.ts'

/**
 * iLO 5 and 6 over Redfish: the resources that hold settings, as a PATCH takes them back, and the settings of the BIOS. Passwords come as
 * null. Health, clocks and entity tags are left out. A backup file of iLO would have to be made by a POST and is no text.
 */
export default defineDriver({
  title: 'HPE iLO',
  aliases: ['ilo', 'ilo5', 'ilo6', 'hp_ilo', 'hpe_ilo5', 'proliant'],
  comment: '// ',
  channel: 'exchange',
  transports: ['https'],
  prompt: /^\n$/,
  http: { login: { kind: 'basic' } },
  rejected: [/^<(?:!DOCTYPE|html|HTML)/, /^ *"code": "iLO\.\d\.\d{1,2}\.(?:ExtendedInfo|ExtendedError)"/],
  commands: [
    {
      run: 'GET /redfish/v1/Systems/1/',
      as: 'note',
      keep: /^ {2}(?<keep>"(?:BiosVersion|Manufacturer|Model|SKU|SerialNumber)": .{0,200})$/,
    },
    { run: 'GET /redfish/v1/Managers/1/', as: 'note', keep: /^ {2}(?<keep>"(?:FirmwareVersion|Model)": .{0,200})$/ },
    ...jsonCommands(
      [
        '/redfish/v1/Managers/1/NetworkProtocol/',
        '/redfish/v1/Managers/1/EthernetInterfaces/1/',
        '/redfish/v1/AccountService/',
        '/redfish/v1/AccountService/Accounts/?$expand=.',
      ],
      [
        '/redfish/v1/Managers/1/SnmpService/',
        '/redfish/v1/Managers/1/SecurityService/',
        '/redfish/v1/Managers/1/SecurityService/SSO/',
        '/redfish/v1/AccountService/Roles/?$expand=.',
        '/redfish/v1/Systems/1/Bios/Settings/',
      ],
    ),
  ],
  volatile: [
    /^ *"@odata\.etag": /,
    /^ *"(?:DateTime|LinkStatus|Health|HealthRollup|State|SNMPv1Status|LastModified\w*|LoginTime|SessionCount)": /,
    /^ *"(?:SpeedMbps|FullDuplex|AutoNeg)": (?:\d|true|false)/,
  ],
  secrets: jsonSecrets(
    String.raw`\w{0,60}(?:[Pp]assword|[Pp]assphrase|[Ss]ecret|AuthenticationProtocolKey|AuthPassphrase|PrivacyPassphrase|EncryptionKey|AlertMailSMTPAuthPw|Community|ReadCommunities|TrapCommunities|TrapCommunity|ServiceAccountToken)|CommunityString`,
  ).concat(
    /^ {0,40}(?<=^ {0,40}"(?:ReadCommunities|TrapCommunities)": \[\n(?: {0,40}"[^"\n]{0,80}",?\n){0,8} {0,40})"(?<secret>[^"\n]+)"/,
  ),
  logout: [],
})
