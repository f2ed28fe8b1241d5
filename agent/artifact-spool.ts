/**
 * Files of devices on disk, from the first byte until the hub has acknowledged the result that they belong to. One file each, encrypted
 * like the spool (`spool-record.ts`), one record a part, each part compressed by itself: so no more than a part is ever in memory, on the
 * way in, out, or through a check. What belongs to no result that waits is swept at the next start.
 */
import { createHash } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { ARTIFACT_PART_BYTES } from '@netraven/protocol/artifact.ts'
import { decompress } from '@netraven/protocol/compression.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { syncFolder } from './durable-file.ts'
import { HEAD_BYTES, sealRecord, unsealRecord } from './spool-record.ts'
import { Turnstile } from './turnstile.ts'

/** So many are fetched at once; each has a part in memory. */
const AT_ONCE = 16
const NAME = /^([0-9a-f-]{36}\.\d+)\.\d\.artifact$/

export interface ArtifactOwner {
  readonly task: string
  readonly attempt: number
}

export class ArtifactSpool {
  readonly #dir: string
  readonly #key: Buffer
  /** Results that have files here: nearly none has, and a folder is not listed for each of the others. */
  readonly #owners: Set<string>
  #bytes = 0
  /** Lets so many fetch at once. */
  readonly turn = new Turnstile(AT_ONCE)

  private constructor(dir: string, key: Buffer) {
    this.#dir = dir
    this.#key = key
    this.#owners = new Set(readdirSync(dir).map(ownerIn))
  }

  /** @param key 32 bytes, hex */
  static async open({ dir, key }: { readonly dir: string; readonly key: string }): Promise<ArtifactSpool> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    return new ArtifactSpool(dir, Buffer.from(key, 'hex'))
  }

  /** On disk. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Begins a file, in place of the one that was there.
   * @param place among the artifacts of the result
   */
  begin(owner: ArtifactOwner, place: number): ArtifactWriter {
    const path = this.#path(owner, place)
    this.#drop(path)
    this.#owners.add(nameOf(owner))
    return new ArtifactWriter(path, this.#key, (bytes) => {
      this.#bytes += bytes
    })
  }

  /**
   * The parts of a file, compressed, one after the other.
   * @throws Failure SPOOL_CORRUPT when it is not there, was altered or cut
   */
  async *parts(owner: ArtifactOwner, place: number): AsyncGenerator<Buffer> {
    const corrupt = (reason: string, cause?: unknown) =>
      new Failure('SPOOL_CORRUPT', { task: owner.task, reason }, { cause })
    const file = await open(this.#path(owner, place), 'r').catch((error: unknown) => {
      throw corrupt('the artifact is not there', error)
    })
    try {
      for (let at = 0; ; ) {
        const head = Buffer.alloc(HEAD_BYTES)
        const { bytesRead } = await file.read(head, 0, HEAD_BYTES, at)
        if (bytesRead === 0) return
        const length = bytesRead < HEAD_BYTES ? 0 : HEAD_BYTES + head.readUInt32BE(0)
        if (length === 0 || length > 2 * ARTIFACT_PART_BYTES) throw corrupt('the artifact is cut')
        const sealed = Buffer.alloc(length)
        await file.read(sealed, 0, length, at)
        const part = unsealRecord(this.#key, sealed)
        if (!part) throw corrupt('the artifact does not decrypt')
        yield part
        at += length
      }
    } finally {
      await file.close()
    }
  }

  /** The bytes of a file as the device has it. @throws Failure SPOOL_CORRUPT */
  async *content(owner: ArtifactOwner, place: number): AsyncGenerator<Buffer> {
    for await (const part of this.parts(owner, place)) yield await decompress(part, ARTIFACT_PART_BYTES)
  }

  /** Removes one that did not come whole. */
  discard(owner: ArtifactOwner, place: number): void {
    this.#drop(this.#path(owner, place))
  }

  /** Removes what belongs to a result. */
  remove(owner: ArtifactOwner): void {
    if (!this.#owners.delete(nameOf(owner))) return
    for (const name of readdirSync(this.#dir)) {
      if (ownerIn(name) === nameOf(owner)) this.#drop(join(this.#dir, name))
    }
  }

  /** At the start: removes what belongs to no result that waits. */
  sweep(owners: readonly ArtifactOwner[]): void {
    const kept = new Set(owners.map(nameOf))
    this.#bytes = 0
    for (const name of readdirSync(this.#dir)) {
      const path = join(this.#dir, name)
      if (kept.has(ownerIn(name))) this.#bytes += statSync(path).size
      else rmSync(path, { force: true })
    }
  }

  #drop(path: string): void {
    this.#bytes -= statSync(path, { throwIfNoEntry: false })?.size ?? 0
    rmSync(path, { force: true })
  }

  #path(owner: ArtifactOwner, place: number): string {
    return join(this.#dir, `${nameOf(owner)}.${place}.artifact`)
  }
}

function nameOf({ task, attempt }: ArtifactOwner): string {
  return `${task}.${attempt}`
}

/** Whose file has this name; empty: it is none of ours. */
function ownerIn(file: string): string {
  return NAME.exec(file)?.[1] ?? ''
}

/** One file as it comes from the device. Written on the calling thread, a part at a time: the device waits meanwhile, so none piles up. */
export class ArtifactWriter {
  readonly #path: string
  readonly #key: Buffer
  readonly #written: (bytes: number) => void
  readonly #file: number
  readonly #hash = createHash('sha256')
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #sizeBytes = 0
  #isOpen = true

  constructor(path: string, key: Buffer, written: (bytes: number) => void) {
    this.#path = path
    this.#key = key
    this.#written = written
    this.#file = full(path, () => openSync(path, 'wx', 0o600))
  }

  /** @throws Failure SPOOL_FULL */
  write(bytes: Buffer): void {
    if (!this.#isOpen) return
    this.#hash.update(bytes)
    this.#sizeBytes += bytes.length
    for (let rest = bytes; rest.length > 0; ) {
      const piece = rest.subarray(0, ARTIFACT_PART_BYTES - this.#waitingBytes)
      this.#waiting.push(piece)
      this.#waitingBytes += piece.length
      rest = rest.subarray(piece.length)
      if (this.#waitingBytes === ARTIFACT_PART_BYTES) this.#flush()
    }
  }

  /**
   * When this resolves the file survives a power cut.
   * @throws Failure SPOOL_FULL
   */
  async end(): Promise<{ contentHash: string; sizeBytes: number }> {
    if (this.#waitingBytes > 0) this.#flush()
    full(this.#path, () => fdatasyncSync(this.#file))
    this.close()
    await syncFolder(join(this.#path, '..'))
    return { contentHash: this.#hash.digest('hex'), sizeBytes: this.#sizeBytes }
  }

  /** Takes no more. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeSync(this.#file)
  }

  #flush(): void {
    const part = Buffer.concat(this.#waiting, this.#waitingBytes)
    this.#waiting = []
    this.#waitingBytes = 0
    const sealed = sealRecord(this.#key, zstdCompressSync(part, { pledgedSrcSize: part.length }))
    full(this.#path, () => writeSync(this.#file, sealed))
    this.#written(sealed.length)
  }
}

/** Whatever the disk says, there is no room for it. */
function full<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Failure('SPOOL_FULL', { reason, path }, { cause: error })
  }
}
