/** The facts of a device's failure that a person needs to see beside its message, in lines. */

type Details = Readonly<Record<string, unknown>>

const KINDS: Readonly<Record<string, string>> = {
  kex: 'key exchange',
  serverHostKey: 'host key',
  cipher: 'cipher',
  mac: 'MAC',
}

const STORIES: Readonly<Record<string, (details: Details) => string[]>> = {
  PORT_REFUSED: portsOf,
  TCP_TIMEOUT: portsOf,
  /** Which kind has nothing in common, and both sides of it. */
  SSH_LEGACY_ALGOS: ({ missing, offered, ours }) =>
    namesIn(missing).map(
      (kind) =>
        `${KINDS[kind] ?? kind}: device offers: ${algorithms(offered, kind)}; we offer: ${algorithms(ours, kind)}`,
    ),
  DEVICE_COMMAND_TIMEOUT: ({ command, kind, lastByteAgeMs, elapsedMs, limitMs, bytes }) => {
    const how =
      kind === 'slow'
        ? `still flowing at the limit of ${seconds(limitMs)}`
        : `no bytes for ${seconds(lastByteAgeMs)} of ${seconds(elapsedMs)}, limit ${seconds(limitMs)}`
    return [`${String(command)}: ${how}; ${Number(bytes ?? 0)} bytes came`]
  },
  HOST_KEY_CHANGED: ({ pinned, seen }) => [`pinned: ${String(pinned)}`, `shown: ${String(seen)}`],
  COMMAND_REJECTED: ({ command }) => [`command: ${String(command)}`],
  PROMPT_NOT_FOUND: ({ lastLine }) => (lastLine ? [`last line: ${String(lastLine)}`] : []),
  SUSPECT_TRUNCATED: ({ reasons }) => namesIn(reasons),
}

/** @returns lines without indentation; none when the message says it all */
export function factsOf({ code, details }: { readonly code: string; readonly details: Details }): string[] {
  return Object.hasOwn(STORIES, code) ? (STORIES[code]?.(details) ?? []) : []
}

/** A test looks at the other ports as well. */
function portsOf({ ports }: Details): string[] {
  if (typeof ports !== 'object' || ports === null) return []
  return [
    `other ports: ${Object.entries(ports)
      .map(([port, answer]) => `${port} ${String(answer)}`)
      .join(', ')}`,
  ]
}

function algorithms(side: unknown, kind: string): string {
  const names =
    typeof side === 'object' && side !== null ? namesIn(Object.entries(side).find(([one]) => one === kind)?.[1]) : []
  return names.length > 0 ? names.join(', ') : 'nothing'
}

function namesIn(list: unknown): string[] {
  return Array.isArray(list) ? list.map(String) : []
}

function seconds(ms: unknown): string {
  const value = Number(ms ?? 0) / 1000
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} s`
}
