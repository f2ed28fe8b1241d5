import { defineDriver } from '../driver.ts'

/**
 * SwOS and SwOS Lite, which have a web page and nothing else: the backup that its System page saves, all on one line, as it is restored.
 * Texts and secrets in it are hexadecimal and not encrypted, the password of the administrator too. A whole one names the parts
 * of its web pages, each closed; HTTP tells its length.
 */
export default defineDriver({
  title: 'MikroTik SwOS',
  aliases: ['swos', 'mikrotik-swos', 'swos_lite', 'swoslite', 'css', 'mikrotik_css', 'mikrotik_switchos'],
  comment: '// ',
  channel: 'exchange',
  transports: ['http'],
  prompt: /^\n$/,
  http: { login: { kind: 'digest' } },
  rejected: [/^<(?:!DOCTYPE|html)/],
  commands: [
    {
      run: 'GET /backup.swb',
      as: 'config',
      complete:
        /(?<![\s\S])(?=[^\n]*\bsys\.b:)(?=[^\n]*\blink\.b:)(?=[^\n]*\bpwd\.b:)\{?\.?\w+\.b:[^\n]*[\]}]\n*(?![\s\S])/,
    },
  ],
  secrets: [
    /\bpwd\.b:\{\w{1,8}:'(?<secret>[\da-fA-F]+)'/,
    /\bsnmp\.b:\{\w{1,8}:0x[\da-f]{1,8},\w{1,8}:'(?<secret>[\da-fA-F]+)'/,
  ],
  logout: [],
})
