/** What ZoneDirector and Unleashed have in common: one is the other's command line in an access point. */
import type { Command, LineQuestions } from '../../driver.ts'
import { pemSecrets, urlSecrets } from './secrets.ts'

export const ruckusPrompt = /^[\w.-]{1,64}[>#] ?$/

/** Its SSH server lets everybody in; the command line asks then. */
export const ruckusLogin: LineQuestions = {
  username: /^Please login: ?$/,
  password: /^[Pp]assword: ?$/,
  afterSsh: true,
}

export const ruckusRejected: readonly RegExp[] = [
  /^(?:The command is either unrecognized or incomplete|Unrecognized command|Incomplete command|The entry could not be found)/,
]

export const ruckusDenied: readonly RegExp[] = [
  /^(?:A privileged user is already logged in|You (?:do not|don't) have (?:enough |the )?(?:rights|privileges?)|Permission denied|Access denied)/,
]

export const ruckusCommands: readonly Command[] = [
  {
    run: 'show sysinfo',
    as: 'note',
    keep: /^ *(?:Name|MAC Address|Model|Licensed APs|Serial Number|Version|Registration Number) ?=/,
  },
  {
    run: 'show config',
    as: 'config',
    complete:
      /(?<![\s\S])\w[^\n]*\n(?=[\s\S]*^(?:Device IP Address|Protocol Mode|Identity|System Name)\b)[\s\S]*^WLAN(?: Service)?:\s*\n[\s\S]*\S\s*(?![\s\S])/,
    totalMs: 300_000,
    idleMs: 90_000,
  },
]

/** `Name = value`, in sections by indent; a value goes on to the end of its line. */
export const ruckusSecrets: readonly RegExp[] = [
  /^ *(?!Description|SSID|NAME|Name)[\w ()./#-]{0,60}?\b(?:Pass ?[Pp]hrase|Privacy Phrase|Shared Secret|Secret|Password|(?:RO|RW|Trap) Community|Community|WEP Key(?: #?\d)?|Pre-?[Ss]hared Key|PSK Key|Encryption Key) ?= ?(?<secret>\S.*)$/,
  ...urlSecrets,
  ...pemSecrets,
]
