/**
 * What may happen between a device and whoever reads it, for tests: messages of the system, pagers, redrawn prompts, pauses. Each
 * is made from a recording or its bytes by chance that can be repeated.
 */
import type { Driver } from '../driver.ts'
import { Terminal } from '../terminal.ts'
import type { Recording, Reply, Segment } from './recording.ts'

/** As systems write them to a console or a terminal that monitors, the vendors' documents for logging say how. */
export const MESSAGES: readonly string[] = [
  '%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up',
  '*Mar  1 00:01:02.345: %LINEPROTO-5-UPDOWN: Line protocol on Interface Gi0/1, changed state to down',
  '000123: Nov 24 10:00:00.123 UTC: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.9)',
  'RP/0/RSP0/CPU0:Nov 24 10:00:00.123 : ifmgr[257]: %PKT_INFRA-LINK-3-UPDOWN : Interface Te0/0/0/1, changed state to Down',
  '2026 Nov 24 10:00:00 leaf1 %ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface Ethernet1/1 is down (Link failure)',
  '%ASA-5-111008: User admin executed the show running-config command.',
  '24-Nov-2026 10:00:00 %LINK-W-Down:  gi1/0/1',
  'Dell EMC (OS10) %INTERFACE_OPERATIONAL_STATUS: Interface operational state is down :ethernet1/1/1',
  '<189>75: *Mar  1 00:01:02.345: %SYS-6-LOGGINGHOST_STARTSTOP: Logging to host 10.0.0.5 port 514 started',
  '<14> Nov 24 10:00:00 10.0.0.1-1 CLI_WEB[209153756]: cmd_logger_api.c(83) 76 %% CLI:10.0.0.9:admin:show',
  '<165>1 2026-11-24T10:00:00.003Z r1 evntslog - ID47 [x@32473 iut="3"] link down',
  'Nov 24 2026 10:00:00+00:00 SW1 %%01IFNET/4/LINK_STATE(l)[1]:The line protocol IP on GE0/0/1 has entered the UP state.',
  '%Nov 24 10:00:00:123 2026 SW1 IFNET/3/PHY_UPDOWN: Physical state on the interface GE1/0/1 changed to down.',
  '#Nov 24 2026 10:00:00 SW1 SHELL/4/LOGIN(t): Trap 1.3.6.1.4.1.2011.10.2.2.1.1.3.0.1 admin login from VTY',
  'Message from syslogd@r1 at Nov 24 10:00:00  ...\nr1 rpd[1234]: RPD_OSPF_NBRDOWN: OSPF neighbor 10.0.0.2 state changed',
  'Broadcast message from root@fw1 (pts/1) (Tue Nov 24 10:00:00 2026):',
  'Nov 24 10:00:00 sw1 Ebra: Interface Ethernet1 is down',
  '10:00:00 awplus NSM[412]: Port up notification received for port1.0.1',
  '10:00:00 echo: system,error,critical login failure for user admin from 10.0.0.9 via ssh',
  'W 11/24/26 10:00:00 00332 ports: port 24 PD overload indication',
  '11/24/2026 10:00:00.12 <Info:vlan.msgs.portLinkStateUp> Port 1:1 link UP at speed 1 Gbps and full-duplex',
  'An alarm 19712 level notification occurred at 10:00:00 11/24/2026 sent by NPC %ETHERNET% Port gei_1/1 down',
  'November 24, 2026 10:00:00.123 [local] Sev:6 port(1): :Port 1 link up',
]

/** The same sequence of numbers from 0 to 1 each time (mulberry32). */
export type Chance = () => number

/** @param words what it is for; each word gives another sequence */
export function chanceOf(...words: readonly (string | number)[]): Chance {
  let state = 0x811c9dc5
  for (const character of words.join('\n')) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** @returns a whole number from `from` to `to`, both included */
export function between(chance: Chance, from: number, to: number): number {
  return from + Math.floor(chance() * (to - from + 1))
}

/** @throws RangeError when there is nothing to choose from */
export function oneOf<Item>(chance: Chance, items: readonly Item[]): Item {
  const item = items[Math.floor(chance() * items.length)]
  if (item === undefined) throw new RangeError('nothing to choose from')
  return item
}

/** Cuts what a device sends. */
export function* pieces(bytes: Buffer, size: () => number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + Math.max(1, size())
    yield bytes.subarray(at, end)
    at = end
  }
}

/**
 * Puts something between the bytes that a device sends, not within an escape sequence: no system does that.
 * @param atByte of all that the device sends
 * @returns as `ReplayOptions.chunk` has it; for one read
 */
export function breakingIn(atByte: number, what: Buffer): (bytes: Buffer) => Buffer[] {
  let sent = 0
  return (bytes) => {
    const from = sent
    sent += bytes.length
    if (atByte < from || atByte >= sent) return [bytes]
    const sequence = /\x1b(?:\[[\d;?]*|\][^\x07\x1b]*|[()]?)$/.exec(bytes.toString('latin1', 0, atByte - from))
    const at = sequence?.index ?? atByte - from
    return [bytes.subarray(0, at), what, bytes.subarray(at)]
  }
}

/** Pagers as systems print them. */
const PAGERS: readonly string[] = [
  ' --More-- ',
  '--More--',
  '--More--(42%)',
  '  ---- More ----',
  '<--- More --->',
  '---(more)---',
  '---(more 42%)---',
  '-- MORE --, next page: Space, next line: Enter, quit: Control-C',
  '--More-- or (q)uit',
  'Press any key to continue (Q to quit)',
  'Press q to quit, any other key to continue',
  '--Press any key to continue Ctrl+c to stop--',
  'More: <space>,  Quit: q or CTRL+Z, One line: <return>',
  'lines 1-23',
  ':',
]

/** What systems send over a pager. */
const ERASURES: readonly ((pager: string) => string)[] = [
  ({ length }) => `${'\b'.repeat(length)}${' '.repeat(length)}${'\b'.repeat(length)}`,
  ({ length }) => `\r${' '.repeat(length)}\r`,
  ({ length }) => `\r${' '.repeat(length + 10)}\r`,
  () => '\x1b[2K\r',
  () => '\r\x1b[K',
  () => `\x1b[42D${' '.repeat(42)}\x1b[42D`,
]

/** Commands of a driver that print configuration. */
export function configRuns({ commands }: Driver): string[] {
  return commands.filter((command) => command.as === 'config').flatMap(({ run }) => run)
}

/** The prompt that a device shows last, without its drawing. */
export function promptOf(recording: Recording): string {
  const terminal = new Terminal(() => undefined)
  terminal.feed(Buffer.from(lastText(recording)))
  return terminal.tail
}

/** Bytes behind the last prompt that only move the cursor. */
export function drawnBehindPrompt(recording: Recording): number {
  if (recording.login.length === 0) return 0
  return /(?:\x1b\[[\d;?]*[A-Za-z])*$/.exec(lastText(recording))?.[0].length ?? 0
}

function lastText({ login, runs }: Recording): string {
  return [...runs.values()].at(-1)?.segments.at(-1)?.text ?? login.at(-1)?.text ?? ''
}

/** @returns the same device with paging on; undefined: this system has none of the pagers above */
export function withPagers(recording: Recording, pagers: readonly RegExp[], chance: Chance): Recording | undefined {
  const known = PAGERS.filter((text) => pagers.some((pager) => pager.exec(text)?.index === 0))
  if (known.length === 0) return undefined
  const pager = oneOf(chance, known)
  const erasure = oneOf(chance, ERASURES.slice(0, pager.length > 42 ? -1 : ERASURES.length))(pager)
  return withReplies(recording, (segment) => {
    if (segment.waits) return [segment]
    const lines = segment.text.split('\n')
    const pages: Segment[] = []
    let page = lines.splice(0, between(chance, 1, 24))
    // Not just before the prompt, which the replayed device repeats with all that stands in its line.
    for (; lines.length > 1; page = lines.splice(0, between(chance, 1, 24))) {
      page.push(pager)
      pages.push({ text: page.join('\n'), waits: 'key' })
      lines[0] = `${erasure}${lines[0]}`
    }
    return [...pages, { text: [...page, ...lines].join('\n') }]
  })
}

/** What a line editor draws around a prompt. */
const DRAWN: readonly ((prompt: string) => string)[] = [
  (prompt) => `\r\x1b[K${prompt}`,
  (prompt) => `\x1b[1m${prompt}\x1b[0m`,
  (prompt) => `${prompt}\r${prompt}`,
  (prompt) => `\x1b[?25l\r\x1b[2K${prompt}\x1b[?25h`,
  (prompt) => `\x1b]0;terminal\x07\x1b[?1l\x1b>${prompt}`,
  (prompt) => `${prompt}${'\b'.repeat(prompt.length)}\x1b[J${prompt}`,
]

/** @returns the same device with a line editor that redraws its prompt, and with colours */
export function withDrawing(recording: Recording, chance: Chance): Recording {
  const draw = oneOf(chance, DRAWN)
  const drawn = (segment: Segment): Segment[] => {
    if (segment.waits) return [segment]
    const lines = segment.text.split('\n')
    const prompt = lines.pop() ?? ''
    const coloured = lines.map((line) => (chance() < 0.1 ? `\x1b[1;32m${line}\x1b[0m` : line))
    return [{ text: [...coloured, prompt === '' ? '' : draw(prompt)].join('\n') }]
  }
  return {
    ...withReplies(recording, drawn),
    login: recording.login.flatMap(drawn),
    refuse: { ...recording.refuse, segments: recording.refuse.segments.flatMap(drawn) },
  }
}

/**
 * @param runs commands whose output may have it
 * @param kept what is kept of this recording
 * @returns the same device with one more line in its configuration, and what is then kept; undefined: there is no place for one
 */
export function withLine(
  recording: Recording,
  runs: readonly string[],
  kept: string,
  line: string,
  chance: Chance,
): { recording: Recording; kept: string } | undefined {
  const keptLines = kept.split('\n')
  const places: { segment: Segment; after: number; keptAfter: number }[] = []
  for (const run of runs) {
    for (const segment of recording.runs.get(run)?.segments ?? []) {
      const lines = segment.text.split('\n')
      for (const [after, first] of lines.slice(0, -2).entries()) {
        // Last of all it would be what the device prints anyway.
        if (lines.slice(after + 1, -1).every((rest) => rest.trim() === '')) break
        const keptAfter = onlyPlaceOf(keptLines, first, lines[after + 1] ?? '')
        if (keptAfter !== undefined) places.push({ segment, after, keptAfter })
      }
    }
  }
  if (places.length === 0) return undefined
  const place = oneOf(chance, places)
  const changed = withReplies(recording, (segment) =>
    segment === place.segment
      ? [{ ...segment, text: inserted(segment.text.split('\n'), place.after, line) }]
      : [segment],
  )
  return { recording: changed, kept: inserted(keptLines, place.keptAfter, line) }
}

function onlyPlaceOf(lines: readonly string[], first: string, second: string): number | undefined {
  const places = lines.flatMap((line, index) => (line === first && lines[index + 1] === second ? [index] : []))
  return places.length === 1 ? places[0] : undefined
}

function inserted(lines: readonly string[], after: number, line: string): string {
  return [...lines.slice(0, after + 1), line, ...lines.slice(after + 1)].join('\n')
}

function withReplies(recording: Recording, change: (segment: Segment) => readonly Segment[]): Recording {
  const changed = (reply: Reply): Reply => ({ ...reply, segments: reply.segments.flatMap(change) })
  return { ...recording, runs: new Map([...recording.runs].map(([run, reply]) => [run, changed(reply)])) }
}
