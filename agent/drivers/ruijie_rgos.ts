import { defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/** Switches, routers and wireless controllers; the configuration begins with the version and ends with `end`. */
export default defineDriver({
  title: 'Ruijie RGOS',
  aliases: ['rgos', 'ruijie', 'ruijie_os', 'ruijie_os_telnet', 'ruijie-rgos', 'reyee'],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  prepare: ['terminal length 0', 'terminal width 256'],
  rejected: iosRejected,
  denied: iosDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:System (?:description|hardware version|software version|patch number|software number|serial number|boot version)|Slot \S+ ?:|(?:Hardware|Boot|Software) version|Serial number|Module [Ii]nformation) ?:?/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^version \S)[\s\S]*^end\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [
    /^Building configuration/,
    /^!? ?Current configuration\b/,
    /^! ?(?:Last configuration change|NVRAM config)/,
  ],
  secrets: [
    /^ *snmp-server community (?:[078] (?=\S))?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:security )?(?:wpa|rsn|wep)\b.{0,60}?\b(?:set-key|key) (?:ascii|hex) (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:wlansec|webauth|portal-server|web-auth portal)\b.{0,120}?\bkey (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:radius|tacacs)-server (?:host .{0,100}?)?\bkey (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *ap-(?:mac|config|auth)\b.{0,60}?\bpassword (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    /^ *(?:pre-shared-key|crypto isakmp key) (?:[07] )?(?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
