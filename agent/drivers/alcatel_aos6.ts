import { commonPagers, defineDriver } from '../driver.ts'
import { aosPrompt, aosSecrets } from './shared/omniswitch.ts'

/**
 * The prompt is `->` unless someone chose another. The snapshot has no end mark: each feature prints a line `! Name :` in a fixed
 * order, also without settings, so a whole one begins with such a line and has those of VLANs and of SNMP; a cut behind is seen only by
 * the missing prompt. Paging is off unless someone turned it on, which holds for all: then the pager is answered.
 */
export default defineDriver({
  title: 'Alcatel-Lucent OmniSwitch AOS 6',
  aliases: ['aos6', 'omniswitch6', 'alcatel-aos6', 'omnistack', 'aos'],
  comment: '! ',
  channel: 'shell',
  prompt: aosPrompt,
  pagers: [{ when: /^-{0,2} ?[Mm]ore\? ?\[next screen <sp>.{0,80}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:\^|ERROR: (?:Invalid|Unknown|Incomplete|Ambiguous|Unrecognized|Missing|Parse))/],
  denied: [/^ *ERROR: (?:Authorization failed|Permission|.{0,80}not (?:authorized|allowed))/],
  commands: [
    { run: 'show system', as: 'note', keep: /^ *(?<keep>(?:Description|Object ID): .{0,160}?),? {0,20}$/ },
    {
      run: 'show chassis',
      as: 'note',
      keep: /^ *(?<keep>(?:Model Name|Description|Part Number|Hardware Revision|Serial Number|Manufacture Date|MAC Address): .{0,160}?),? {0,20}$/,
    },
    { run: 'show microcode', as: 'note', keep: /^\S+\.img / },
    { run: 'show running-directory', as: 'note', keep: /^ *(?<keep>Running configuration +: .{0,160}?),? {0,20}$/ },
    {
      run: 'show configuration snapshot',
      as: 'config',
      complete: /(?<![\s\S])! [\w ]+ ?:\s(?=[\s\S]*^! VLAN ?:)(?=[\s\S]*^! SNMP ?:)[\s\S]*\n(?:!|\w).*\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  secrets: aosSecrets,
})
