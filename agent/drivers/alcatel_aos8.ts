import { commonPagers, defineDriver } from '../driver.ts'
import { aosPrompt, aosSecrets } from './shared/omniswitch.ts'

/**
 * AOS 7 and 8. As with AOS 6 each feature prints a line `! Name:` in a fixed order and there is no end mark; a cut behind the
 * line of SNMP is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Alcatel-Lucent OmniSwitch AOS 7 and 8',
  aliases: ['aos7', 'aos8', 'alcatel_aos', 'omniswitch', 'alcatel-aos', 'alcatel_aos_ssh'],
  comment: '! ',
  channel: 'shell',
  prompt: aosPrompt,
  prepare: [],
  pagers: [{ when: /^-{0,2} ?[Mm]ore\? ?\[next screen <sp>.{0,80}$/, send: ' ' }, ...commonPagers],
  rejected: [/^ *(?:\^|ERROR: (?:Invalid|Unknown|Incomplete|Ambiguous|Unrecognized|Missing|Parse))/],
  denied: [/^ *ERROR: (?:Authorization failed|Permission|.{0,80}not (?:authorized|allowed))/],
  commands: [
    { run: 'show system', as: 'note', keep: /^ *(?<keep>(?:Description|Object ID): .{0,160}?),? {0,20}$/ },
    {
      run: 'show chassis',
      as: 'note',
      keep: /^ *(?<keep>(?:Local Chassis ID|Remote Chassis ID|Model Name|Module Type|Description|Part Number|Hardware Revision|Serial Number|Manufacture Date|MAC Address): .{0,160}?),? {0,20}$/,
    },
    { run: 'show microcode', as: 'note', keep: /^\S+\.img / },
    {
      run: 'show configuration snapshot',
      as: 'config',
      complete:
        /(?<![\s\S])! [\w ]+ ?:\s(?=[\s\S]*^! VLAN ?:)(?=[\s\S]*^! AAA ?:)(?=[\s\S]*^! SNMP ?:)[\s\S]*\n(?:!|\w).*\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  secrets: aosSecrets,
})
