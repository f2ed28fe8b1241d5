/**
 * A file of the device over SSH, by SFTP or by SCP. A driver's commands are `get PATH`, or `newest DIR/PATTERN` for the file that was
 * changed last of those whose names fit, `*` standing for anything: only SFTP can look into a folder.
 */
import { Failure, type FailureDetails } from '@netraven/protocol/failure.ts'
import type { Channel, Connection, End, ExchangeLimits, ExchangeReply, Files, Sink } from '../channel.ts'
import { type Clock, systemClock } from '../clock.ts'
import { Patience } from '../patience.ts'
import type { ConnectParts, Target } from '../target.ts'
import { ScpError, ScpSource } from './scp-source.ts'
import { connectSsh } from './ssh.ts'

const REQUEST = /^(get|newest) (\/[^\0\n]*|[A-Za-z][\w.\-/: ]*)$/
const SAID_MAX = 300
/** How a shell on the device must be given a path. */
const PLAIN_PATH = /^[\w./:~+-]+$/

/**
 * Connects and logs in.
 * @throws Failure as `connectSsh`, CHANNEL_REFUSED when the device has no SFTP
 */
export async function connectFiles(target: Target, parts: ConnectParts): Promise<Connection> {
  const ssh = await connectSsh(target, parts)
  try {
    const files = target.transport === 'sftp' ? await ssh.files?.() : undefined
    const reader = new FileReader(ssh, files, target, parts)
    return {
      ...(ssh.hostKey === undefined ? {} : { hostKey: ssh.hostKey }),
      shell: refused,
      exec: refused,
      exchange: (request, limits, into) => reader.exchange(request, limits, into),
      close: () => {
        files?.close()
        ssh.close()
      },
    }
  } catch (error) {
    ssh.close()
    throw error
  }
}

/**
 * File transfer over an SSH connection that is there already: by SFTP, or by SCP where the device has none.
 * @returns what `Connection.exchange` is
 */
export function filesOver(ssh: Connection, target: Target, parts: ConnectParts): NonNullable<Connection['exchange']> {
  const open = async () => {
    const files = await ssh.files?.().catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'CHANNEL_REFUSED') return undefined
      throw error
    })
    return new FileReader(ssh, files, target, parts)
  }
  let reader: Promise<FileReader> | undefined
  return async (request, limits, into) => {
    reader ??= open()
    return (await reader).exchange(request, limits, into)
  }
}

async function refused(): Promise<Channel> {
  throw new Failure('CHANNEL_REFUSED', { reason: 'file transfer has no shell' })
}

class FileReader {
  readonly #ssh: Connection
  readonly #files: Files | undefined
  readonly #target: Target
  readonly #signal: AbortSignal
  readonly #clock: Clock

  constructor(
    ssh: Connection,
    files: Files | undefined,
    target: Target,
    { signal, clock = systemClock }: ConnectParts,
  ) {
    this.#ssh = ssh
    this.#files = files
    this.#target = target
    this.#signal = signal
    this.#clock = clock
  }

  async exchange(request: string, limits: ExchangeLimits, into?: Sink): Promise<ExchangeReply> {
    const [, verb, path] = REQUEST.exec(request) ?? []
    if (path === undefined) throw new Failure('POLICY_COMMAND', { command: request.slice(0, 200) })
    return new Promise((resolve, reject) => {
      const patience = new Patience({
        command: request,
        limits,
        clock: this.#clock,
        signal: this.#signal,
        over: (failure) => {
          this.#ssh.close()
          reject(failure)
        },
      })
      const reading = this.#files ? this.#bySftp(verb, path, patience, into) : this.#byScp(verb, path, patience, into)
      reading.then(resolve, (error: unknown) => reject(this.#failureOf(error, request))).finally(() => patience.end())
    })
  }

  async #bySftp(verb: string | undefined, path: string, patience: Patience, into?: Sink): Promise<ExchangeReply> {
    const files = this.#files
    if (!files) return unknown('no SFTP')
    let length = 0
    try {
      const chosen = verb === 'newest' ? await newestOf(files, path, patience) : path
      if (chosen === undefined) return unknown('no file fits')
      const before = await files.size(chosen)
      const pieces: Buffer[] = []
      const take = into ?? ((bytes: Buffer) => pieces.push(bytes))
      await files.read(chosen, (bytes) => {
        length += bytes.length
        const goesOn = patience.heard(bytes.length)
        if (goesOn) take(bytes)
        return goesOn
      })
      const bytes = Buffer.concat(pieces)
      const whole = length === before && before === (await files.size(chosen))
      return { bytes, aside: chosen, file: chosen, ...(whole ? {} : { doubt: 'the file changed while it was read' }) }
    } catch (error) {
      // Behind the first bytes it is no refusal: another way to ask would be put behind half a file.
      if (length > 0 && !(error instanceof Failure)) throw new Lost(messageOf(error), { cause: error })
      return refusalOf(error)
    }
  }

  async #byScp(verb: string | undefined, path: string, patience: Patience, into?: Sink): Promise<ExchangeReply> {
    if (verb === 'newest') return unknown('SCP can’t look into a folder')
    if (!PLAIN_PATH.test(path)) throw new Failure('POLICY_COMMAND', { command: path.slice(0, 200) })
    const channel = await this.#ssh.exec(`scp -f ${path}`)
    return new Promise((resolve, reject) => {
      const source = new ScpSource((bytes) => channel.write(bytes), into)
      channel.onEnd((end) => reject(lost(end)))
      channel.onErrorData?.(() => undefined)
      channel.onData((bytes) => {
        if (!patience.heard(bytes.length)) return
        try {
          const file = source.take(bytes)
          if (file) resolve({ bytes: file, aside: path, file: path })
        } catch (error) {
          if (error instanceof ScpError && error.isTold && !source.hasBegun) resolve(unknown(error.message))
          else reject(error instanceof ScpError && error.isTold ? new Lost(error.message, { cause: error }) : error)
          channel.close()
        }
        if (source.isOver) channel.close()
      })
      source.begin()
    })
  }

  #failureOf(error: unknown, command: string): unknown {
    if (error instanceof Failure) return error
    const { address, port } = this.#target
    const details: FailureDetails = { address, port, command }
    if (error instanceof ScpError) return new Failure('SSH_PROTOCOL', { ...details, reason: error.message })
    if (error instanceof Lost)
      return new Failure('CONNECTION_LOST', { ...details, reason: error.message }, { cause: error })
    return error
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/[^ -~]+/g, ' ').slice(0, SAID_MAX) : 'refused'
}

/** The other side went away, or gave up. */
class Lost extends Error {}

function lost({ error }: End): Lost {
  return new Lost('the device ended the transfer', { cause: error })
}

async function newestOf(files: Files, path: string, patience: Patience): Promise<string | undefined> {
  const cut = path.lastIndexOf('/')
  const folder = path.slice(0, cut) || '/'
  const parts = path.slice(cut + 1).split('*')
  const listed = await files.list(folder)
  patience.heard(listed.length)
  const fits = listed.filter(({ name, isFile }) => isFile && nameFits(name, parts))
  const [newest] = fits.sort((a, b) => b.changed - a.changed || (a.name < b.name ? 1 : -1))
  return newest && `${folder === '/' ? '' : folder}/${newest.name}`
}

/** @param parts what stands between the `*` of a pattern */
function nameFits(name: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop()
  if (last === undefined) return name === first
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > name.length - last.length) return false
    at = found + part.length
  }
  return true
}

const unknown = (aside: string): ExchangeReply => ({ bytes: Buffer.alloc(0), refused: 'unknown', aside })

/** @throws what is no answer of the device */
function refusalOf(error: unknown): ExchangeReply {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 2) return unknown('no such file')
  if (code === 3) return { ...unknown('permission denied'), refused: 'denied' }
  if (typeof code === 'number') return unknown(error instanceof Error ? error.message : 'refused')
  throw error instanceof Failure ? error : new Lost('the device ended the transfer', { cause: error })
}
