import { defineDriver } from '../driver.ts'
import { ironwareDenied, ironwarePagers, ironwareRejected, ironwareSecrets } from './shared/ironware.ts'

/** MLX, XMR, CER and CES, today Extreme Networks. `skip-page-display` holds for the session and is known with privilege only. */
export default defineDriver({
  title: 'Brocade NetIron (MLX, XMR, CER, CES)',
  aliases: [
    'netiron',
    'brocade_netiron_ssh',
    'extreme_netiron',
    'mlx',
    'mlxe',
    'xmr',
    'cer',
    'ces',
    'multi-service-ironware',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: /^(?:(?:SSH|ssh|telnet)@)?[\w.\-/@+ ]{1,64}[>#] ?$/,
  enable: { run: 'enable', from: /> ?$/, password: /^(?:Enable )?[Pp]assword: ?$/ },
  prepare: ['skip-page-display'],
  pagers: ironwarePagers,
  rejected: ironwareRejected,
  denied: ironwareDenied,
  commands: [
    {
      run: 'show version',
      as: 'note',
      keep: /^ *(?:System: |Chassis: |NetIron |System Mode: |Chassis Serial|Part Number|License: |(?:Boot|Monitor|IronWare) +: Version |(?:SL|MP|LP|SF|SW|Fan|Slot)[ -]?(?:Slot )?[ML]?\d*: .*Serial|SL [ML]?\d+: |Serial +#)/,
    },
    {
      run: 'show module',
      as: 'note',
      keep: /^ *(?<keep>[A-Z]{1,2}\d{1,2}(?: \([a-z ]+\))?: .{0,80}?) {2,}(?:CARD_STATE|Active|Standby|ACTIVE|STANDBY|CONFIGURED|Empty|\d)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?:Current configuration:\s*\n)?!\s*\n(?:!?ver V?\S+\n)[\s\S]*^end\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 60_000,
    },
  ],
  volatile: [/^Current configuration(?: : \d+ bytes|:)$/, /^ntp clock-period /],
  secrets: ironwareSecrets,
})
