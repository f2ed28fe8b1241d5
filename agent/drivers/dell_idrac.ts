import { defineDriver } from '../driver.ts'
import { jsonCommands, jsonSecrets } from './shared/json.ts'

/**
 * The attributes of the controller, of the chassis and of the Lifecycle Controller, and those of the BIOS, over Redfish: what a PATCH takes
 * back. Passwords come as null. A server profile would have to be exported by a job, which is a change. State is left out.
 */
const attributes = '/redfish/v1/Managers/iDRAC.Embedded.1/Oem/Dell/DellAttributes'
export default defineDriver({
  title: 'Dell iDRAC',
  aliases: ['idrac', 'drac', 'idrac8', 'idrac9', 'idrac10', 'dell_drac', 'poweredge'],
  comment: '// ',
  channel: 'exchange',
  transports: ['https'],
  prompt: /^\n$/,
  http: { login: { kind: 'basic' } },
  rejected: [/^<(?:!DOCTYPE|html|HTML)/],
  commands: [
    {
      run: 'GET /redfish/v1/Systems/System.Embedded.1',
      as: 'note',
      keep: /^ {2}(?<keep>"(?:BiosVersion|Manufacturer|Model|PartNumber|SKU|SerialNumber)": .{0,200})$/,
    },
    {
      run: 'GET /redfish/v1/Managers/iDRAC.Embedded.1',
      as: 'note',
      keep: /^ {2}(?<keep>"(?:FirmwareVersion|Model)": .{0,200})$/,
    },
    {
      ...jsonCommands([''])[0],
      run: [`GET ${attributes}/iDRAC.Embedded.1`, 'GET /redfish/v1/Managers/iDRAC.Embedded.1/Attributes'],
      as: 'config',
    },
    ...jsonCommands(
      [],
      [
        `${attributes}/System.Embedded.1`,
        `${attributes}/LifecycleController.Embedded.1`,
        '/redfish/v1/Systems/System.Embedded.1/Bios',
      ],
    ),
  ],
  volatile: [
    /^ *"@odata\.etag": /,
    /^ *"(?:CurrentIPv[46]|CurrentNIC|Info|ServerOS|ThermalConfig|ServerPwrMon|SystemInfo|PlatformLicense|GPUInfo)\.\d{1,3}\.[^"\n]{1,80}": /,
    /^ *"[A-Za-z]{1,40}\.\d{1,3}\.(?:Status|State|CurrentState|RollupStatus|[A-Za-z]{0,40}(?:Reading|Uptime|Timestamp|LastUpdate\w*|Consumption\w*))": (?!"(?:Enabled|Disabled)")/,
  ],
  secrets: jsonSecrets(
    String.raw`(?:[A-Za-z]{1,60}\.\d{1,3}\.)?\w{0,60}(?:[Pp]assword|[Pp]assphrase|[Ss]ecret|AgentCommunity|CommunityName|AuthenticationPassphrase|PrivacyPassphrase|SHA256Password|SHA256PasswordSalt|SHA1v3Key|MD5v3Key|IPMIKey|EncryptionKey|AssetOwnerKey)`,
  ),
  logout: [],
})
