/**
 * Messages that a system writes into a session while it prints something else: syslog lines of a console or a monitoring
 * terminal, `wall` of a Unix below. Nothing tells them for certain from a configuration that holds such a text, as banners and event
 * handlers do. So they only raise a doubt, and a second read decides: a configuration says the same again, a message does not.
 */
import type { Lines } from './lines.ts'
import type { Output } from './session.ts'

export const INTERRUPTED = 'a message of the system may stand in it'

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)'

/** Each begins with something that is rare in configurations; they may stand anywhere in a line, since a message cuts lines. */
const SHAPES: readonly RegExp[] = [
  // Cisco and its likes, `%FACILITY-SEVERITY-MNEMONIC:`; the severity is a letter on small business switches.
  /%[A-Z][A-Z\d_]{1,31}(?:[-.][A-Z\d_]{1,31}){0,3}-(?:[0-7]|[A-Z])-\w[\w-]{1,40} ?:/,
  // Dell OS10: `Dell EMC (OS10) %INTERFACE_OPERATIONAL_STATUS:`
  /%[A-Z][A-Z\d]{1,31}_[A-Z\d_]{2,60}:/,
  // Huawei VRP, `%%01IFNET/4/LINK_STATE(l)[1]:`
  /%%\d\d[A-Z][A-Z\d_]{1,31}\/\d\/[A-Z]/,
  // Comware and older VRP, `%Nov 24 10:00:00:000 2026 SW1 IFNET/3/PHY_UPDOWN:`, traps with `#`
  new RegExp(`[%#]${MONTH} [ \\d]\\d `),
  /[A-Z][A-Z\d_]{1,31}\/[0-7]\/[A-Z][A-Z\d_]{2,60}(?:\([a-z]{1,3}\))?(?:\[\d{1,9}\])?:/,
  // The priority of RFC 3164 section 4.1.1 and RFC 5424 section 6.2.1
  /<\d{1,3}>(?:1 |\d{1,10}: | ?[*.%]?[A-Za-z\d])/,
  // Time, host and program of RFC 3164 section 4.1.2
  new RegExp(
    `${MONTH} [ \\d]\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d\\S{0,12}(?: \\d{4})? [\\w.:/-]{1,64} [\\w./-]{1,48}(?:\\[\\d{1,9}\\])?: `,
  ),
  /\d\d:\d\d:\d\d [\w.-]{1,64} [\w./-]{1,48}\[\d{1,9}\]: /,
  // wall, and syslogd of BSD and Junos
  /Message from (?:syslogd@|\S{1,64} on \S{1,32} at )|Broadcast [Mm]essage from |The system is going down /,
  // RouterOS
  /echo: [a-z]{2,16}(?:,[a-z0-9-]{2,16}){1,4} /,
  // ProCurve, `W 11/24/26 10:00:00 00076 ports:`
  /[IWMDE] \d\d\/\d\d\/\d\d \d\d:\d\d:\d\d \d{5} /,
  // EXOS, `<Info:vlan.msgs.portLinkStateUp>`
  /<(?:Crit|Erro|Warn|Noti|Info|Summ|Verb|Debu):[A-Za-z.]/,
  // ZTE and FiberHome
  / (?:alarm|notification) \d{1,9} (?:ID \d{1,9} )?level \w{1,16} /,
  // Ciena SAOS
  /\[local\] Sev:\d/,
]

const ANY = new RegExp(SHAPES.map(({ source }) => source).join('|'))

/** Looked at in pieces, so that a large output is not copied whole. */
const PIECE_BYTES = 256 * 1024
/** No shape is longer. */
const OVERLAP_BYTES = 512

/** Whether a message of the system may stand in a line. */
export function isMessage(line: string): boolean {
  return ANY.test(line)
}

/** Whether one may stand in these lines up to `to`. */
export function isInterrupted(lines: Lines, to: number): boolean {
  for (let from = 0; from < to; from += PIECE_BYTES) {
    if (isMessage(lines.slice(from, Math.min(to, from + PIECE_BYTES + OVERLAP_BYTES)).toString('latin1'))) return true
  }
  return false
}

/**
 * Two reads of the same commands, in one of which a message stood. They are compared as they are, and without the messages that one of
 * them alone has: only where they are the same then was all that went a message, and all that stays configuration.
 * @param make what is kept of a read
 * @returns the second one; undefined: they are not the same, or it is suspect for another reason too
 */
export async function undisturbed<Made extends { verdict: string; fingerprint: string }>(
  first: readonly Output[],
  second: readonly Output[],
  make: (outputs: Output[]) => Made | Promise<Made>,
): Promise<Made | undefined> {
  if (![...first, ...second].some(({ interrupted }) => interrupted)) return undefined
  for (const blankFirst of [false, true]) {
    for (const blankSecond of [false, true]) {
      const before = await make(without(first, second, blankFirst))
      const now = await make(without(second, first, blankSecond))
      if (now.verdict === 'complete' && now.fingerprint === before.fingerprint) return now
    }
  }
  return undefined
}

/** @param blank whether the blank line before a message goes with it */
function without(outputs: readonly Output[], others: readonly Output[], blank: boolean): Output[] {
  return outputs.map(({ interrupted, ...output }) => {
    if (!interrupted) return output
    const known = new Set(linesOf(others.find(({ command }) => command === output.command)))
    const kept: string[] = []
    for (const line of linesOf(output)) {
      if (known.has(line) || !isMessage(line)) kept.push(line)
      else if (blank && kept.at(-1) === '') kept.pop()
    }
    return { ...output, bytes: Buffer.from(kept.join('\n'), 'latin1') }
  })
}

function linesOf(output: Output | undefined): string[] {
  return output?.bytes.toString('latin1').split('\n') ?? []
}
