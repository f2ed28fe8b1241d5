import { defineDriver } from '../driver.ts'
import { jsonCommands, jsonSecrets } from './shared/json.ts'

/**
 * The manager of an SD-WAN fabric, by its REST API: templates with their definitions, policies, their lists, settings. What the fabric's
 * routers run is read from them. A refused login answers with a page, and status 200.
 */
export default defineDriver({
  title: 'Cisco Catalyst SD-WAN Manager (vManage)',
  aliases: ['sdwan_manager', 'catalyst_sdwan_manager', 'cisco_sdwan_manager', 'sd-wan manager', 'vmanage_api'],
  comment: '// ',
  channel: 'exchange',
  transports: ['https'],
  prompt: /^\n$/,
  http: {
    login: {
      kind: 'session',
      steps: [
        {
          request: 'POST /j_security_check',
          form: { j_username: '{username}', j_password: '{password}' },
          refused: /<(?:html|HTML)/,
        },
      ],
    },
    logout: { request: 'GET /logout' },
  },
  rejected: [/^<(?:!DOCTYPE|html)/],
  commands: [
    { run: 'GET /dataservice/client/about', as: 'note', keep: /^ *"(?:version|applicationVersion|title)": / },
    ...jsonCommands([
      '/dataservice/template/device',
      '/dataservice/template/feature?summary=false',
      '/dataservice/template/policy/vsmart',
      '/dataservice/template/policy/vedge',
      '/dataservice/template/policy/list',
      '/dataservice/settings/configuration/organization',
      '/dataservice/settings/configuration/device',
    ]),
  ],
  volatile: [/^ *"generatedOn": \d+,?$/, /^ *"(?:devicesAttached|referenceCount|attachedMastersCount)": \d+,?$/],
  secrets: [
    ...jsonSecrets(
      String.raw`[\w-]{0,40}(?:[Pp]assword|[Ss]ecret|[Pp]assphrase|[Pp]sk|[Ss]hared-?[Kk]ey|[Tt]oken|api-?[Kk]ey)`,
    ),
    // definitions of templates are JSON within a text
    /\\"(?:[\w-]{1,40}-)?(?:password|secret|secret-key|passphrase|psk|pre-shared-secret|shared-secret|md5|key-string|community-name|auth-password|priv-password)\\":\{(?:\\"[\w-]{1,40}\\":\\"[^"\\\n]{0,80}\\",){0,4}\\"vipValue\\":\\"(?<secret>[^"\\\n]+)\\"/,
    /(?<secret>\$CRYPT_CLUSTER\$[^\s"\\]{1,800})/,
  ],
  logout: [],
})
