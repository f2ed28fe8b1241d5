import { commonPagers, defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * NetScaler ADC, also as Citrix ADC. Paging is off unless somebody turned it on; the pager is answered then. ` Done` ends an
 * answer that went well and nothing else, so it stays: it is the end mark. Certificates are files and stand in no configuration.
 */
export default defineDriver({
  title: 'Citrix NetScaler ADC',
  aliases: ['netscaler', 'citrix', 'citrix_adc', 'netscaler_ssh', 'citrix-adc', 'vpx', 'nsconfig'],
  comment: '# ',
  channel: 'shell',
  transports: ['ssh'],
  prompt: /^(?:[\w.\-@%:]{0,64}[ -]?)?> ?$/,
  pagers: [{ when: /^ ?--More--.{0,20}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ERROR: (?:No such (?:command|argument)|Unknown|.{0,40}[Uu]sage)/],
  denied: [/^ERROR: (?:Not authorized|.{0,60}not permitted|.{0,60}[Pp]ermission denied)/],
  commands: [
    { run: 'show ns version', as: 'note', keep: /^\s*(?<keep>NetScaler \S+: Build [^,]+)/ },
    {
      run: 'show ns hardware',
      as: 'note',
      keep: /^\s*(?:Platform: |Host Id: |Serial no: |Encoded serial no: |Netscaler UUID: |Manufactured on: )/,
    },
    {
      run: 'show ns runningConfig',
      as: 'config',
      complete: /(?<![\s\S])#NS\d+\.\d[^\n]*\n(?=[\s\S]*^set ns config )[\s\S]*^ Done\n*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^# Last modified (?:by |$)/],
  secrets: [
    /(?<= )(?<secret>"[^"\n]*"|[^\s"-][^\s"]*) -encrypted\b/,
    /^add system user \S+ (?!-)(?<secret>"[^"\n]*"|\S+)/,
    /^add (?:aaa|authentication) user \S+ -password (?<secret>"[^"\n]*"|\S+)/,
    /^(?:add|set) snmp (?:community|trap .{0,120}?-communityName) (?<secret>"[^"\n]*"|\S+)/,
    /^(?:add|set|bind) (?!ssl ).*? -(?:password|secondaryPassword|scriptPassword|radKey|radAccountKey|tacacsSecret|ldapBindDnPassword|clientSecret|auth[Pp]asswd|priv[Pp]asswd|keyValue|passcrypt|passphrase|psk|sharedSecret|communityString|haKey|md5Key|key) (?<secret>"[^"\n]*"|[^\s"]+)/,
    /^(?:add|set) snmp user .*? -priv[Pp]asswd (?<secret>"[^"\n]*"|[^\s"]+)/,
    /^(?:add|set) lb monitor .*? -secondaryPassword (?<secret>"[^"\n]*"|[^\s"]+)/,
    /^(?:add|set) ssl certKey .*? -(?:passcrypt|password|passplain) (?<secret>"[^"\n]*"|\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
