import { defineDriver } from '../driver.ts'
import { ironwareDenied, ironwarePagers, ironwareRejected, ironwareSecrets } from './shared/ironware.ts'

/** ICX and FCX, before that Brocade and Foundry FastIron. `skip-page-display` holds for the session and is known with privilege only. */
export default defineDriver({
  title: 'RUCKUS FastIron (ICX)',
  aliases: [
    'fastiron',
    'ruckus_fastiron_ssh',
    'icx',
    'brocade_fastiron',
    'brocade_fastiron_ssh',
    'ironware',
    'foundry',
    'brocade_icx',
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
      keep: /^ *(?:UNIT \d+: (?:SW: Version|compiled|\(\d)|\(\d+ bytes\) from|SW: Version|HW: |Boot-Monitor|Compressed (?:Primary|Secondary|Boot-Monitor)|Serial +#|P-ASIC|License: |UNIT \d+: SL \d|SL \d: )/,
    },
    {
      run: 'show flash',
      as: 'note',
      keep: /^ *(?:Stack unit \d+:|(?:Compressed )?(?:Pri|Sec|Boot|Primary|Secondary)[\w-]* (?:Code|Monitor|Image|code).*[Vv]ersion)/,
    },
    {
      run: 'show running-config',
      as: 'config',
      complete: /(?<![\s\S])(?:Current configuration:\s*\n)?!\s*\nver \S+\n[\s\S]*^end\s*(?![\s\S])/,
      totalMs: 300_000,
      idleMs: 60_000,
    },
  ],
  volatile: [/^Current configuration(?: : \d+ bytes|:)$/, /^ntp clock-period /],
  secrets: ironwareSecrets,
})
