import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * The system of vEdge routers and of the controllers vSmart, vBond and vManage. Blocks end in `!`; the first is `system`, and
 * every device has `vpn 0`, its transport. Lines are filled with blanks up to the terminal's width; these are taken off.
 */
export default defineDriver({
  title: 'Cisco SD-WAN vEdge (Viptela)',
  aliases: ['viptela', 'vedge', 'vsmart', 'vmanage', 'vbond', 'cisco-viptela', 'cisco_viptela_ssh', 'sd-wan', 'sdwan'],
  comment: '! ',
  channel: 'shell',
  transports: ['ssh'],
  prompt: /^[\w.-]{1,64}(?:\([\w-]{1,40}\))?[#>] ?$/,
  prepare: ['paginate false'],
  rejected: [/^(?:-+\^)?\s*(?:syntax error|Error: (?:unknown|bad) )/, /^-+\^$/],
  denied: [/^(?:Error: )?(?:access denied|permission denied|Aborted: permission denied)/],
  commands: [
    { run: 'show version | nomore', as: 'note', keep: /^\d{1,3}\.\d+\S*$/ },
    {
      run: 'show system status | nomore',
      as: 'note',
      keep: /^(?:Viptela \(tm\)|Personality:|Model name:|Device role:)/,
    },
    {
      run: 'show hardware inventory | nomore',
      as: 'note',
      keep: /^(?:Chassis|CPU|DRAM|Flash|eMMC|PIM|NIM|Transceiver|FanTray|PEM|USB) +\d+ /,
    },
    {
      run: ['show running-config | nomore', 'show running-config'],
      as: 'config',
      complete: /(?<![\s\S])system *\n[\s\S]*^vpn 0 *\n[\s\S]*^!\s*(?![\s\S])/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  volatile: [/^! (?:Last|Time|Generated) /],
  unwrap: /(?<! ) {1,600}(?=\n)/,
  secrets: [
    /^ +(?:auth-|priv-|chap |hello-|area-|domain-)?password +(?<secret>"[^"\n]*"|\S+)/,
    /^ +(?:secret-key|key|pre-shared-secret|pre-shared-key|wpa-personal-key|radius-secret|authentication-key|key-string|api-key|token|secret) +(?!\d{1,3} *$)(?<secret>"[^"\n]*"|\S+) *$/,
    /^ +(?:secret-key|pre-shared-secret|wpa-personal-key|authentication-key) +(?<secret>"[^"\n]*"|\S+)/,
    /^ +(?:authentication )?message-digest message-digest-key \d+ md5 +(?<secret>"[^"\n]*"|\S+)/,
    /^ +message-digest-key \d+ md5 +(?<secret>"[^"\n]*"|\S+)/,
    /^ +authentication \d+ (?:md5|type \S+) +(?:key +)?(?<secret>"[^"\n]*"|\S+)/,
    /^ community +(?<secret>"[^"\n]*"|\S+) *$/,
    /^ +community-name +(?<secret>"[^"\n]*"|\S+) *$/,
    /^ +(?:pap|chap) .*?\bpassword +(?<secret>"[^"\n]*"|\S+)/,
    /(?<secret>\$[89]\$[\w+/=]{8,500})/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
