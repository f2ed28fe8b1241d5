/**
 * Results on disk until the hub has acknowledged them. One journal, encrypted, appended to in groups: all results that
 * arrive while a write is under way share the next write and its fdatasync, so a hundred devices cost a few syncs. A
 * result that is acknowledged is crossed out by a short record; a file whose results are all crossed out is removed.
 *
 * A record (`spool-record.ts`) holds a kind, JSON and bytes. A torn last record, as a crash leaves it, is cut off at the next
 * start: nobody was told that it was safe.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import { Report } from '@netraven/protocol/report.ts'
import { z } from 'zod'
import type { ArtifactSpool } from './artifact-spool.ts'
import { syncFolder } from './durable-file.ts'
import { HEAD_BYTES, sealRecord, unsealRecord } from './spool-record.ts'

/** A new file begins after so many bytes. */
const SEGMENT_BYTES = 32 * 1024 * 1024

const Entry = z.object({ report: Report, spans: z.array(z.number().int()).default([]) })

/** A result on its way: the report, and for a read the zstd-compressed text and where its secrets stand; files lie apart. */
export interface SpoolEntry {
  readonly report: Report
  readonly spans: readonly number[]
  readonly compressed: Uint8Array
}

interface Segment {
  readonly number: number
  file: FileHandle
  bytes: number
  readonly open: Set<string>
}

interface Place {
  readonly segment: Segment
  readonly offset: number
  readonly length: number
  readonly report: Report
}

interface Waiting {
  readonly records: { id: string; report?: Report; sealed: Buffer }[]
  resolve: () => void
  reject: (error: unknown) => void
}

export interface SpoolOptions {
  readonly dir: string
  /** 32 bytes, hex. */
  readonly key: string
  readonly maxBytes: number
  /** Files that belong to results, and go with them; they count as bytes of the spool. Absent: none do. */
  readonly artifacts?: ArtifactSpool
  /** Told of what could not be read back at the start. */
  readonly damaged: (failure: Failure) => void
}

export class Spool {
  readonly #options: SpoolOptions
  readonly #key: Buffer
  readonly #segments: Segment[] = []
  readonly #places = new Map<string, Place>()
  #queue: Waiting[] = []
  #writing = false
  #drained: Promise<void> = Promise.resolve()

  private constructor(options: SpoolOptions) {
    this.#options = options
    this.#key = Buffer.from(options.key, 'hex')
  }

  /** Opens the spool and reads back what was not acknowledged. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options)
    await mkdir(options.dir, { recursive: true, mode: 0o700 })
    const numbers = (await readdir(options.dir))
      .map((name) => /^(\d{8})\.journal$/.exec(name)?.[1])
      .filter((number) => number !== undefined)
      .map(Number)
      .sort((a, b) => a - b)
    for (const number of numbers) await spool.#recover(number)
    await spool.#begin((numbers.at(-1) ?? 0) + 1)
    await spool.#removeFinished()
    options.artifacts?.sweep(spool.pending)
    return spool
  }

  /** Results that wait, oldest first. */
  get pending(): Report[] {
    return [...this.#places.values()].map((place) => place.report)
  }

  get size(): number {
    return this.#places.size
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, this.#options.artifacts?.bytes ?? 0)
  }

  /** Whether another result would be refused. */
  get full(): boolean {
    return this.bytes >= this.#options.maxBytes
  }

  has(id: string): boolean {
    return this.#places.has(id)
  }

  /**
   * Keeps a result. When this resolves it survives a crash and a power cut.
   * @throws Failure SPOOL_FULL when there is no room, in the quota or on the disk; SPOOL_CORRUPT for what is no report: it
   * could never be sent
   */
  add(entry: SpoolEntry): Promise<void> {
    if (this.full)
      return Promise.reject(new Failure('SPOOL_FULL', { bytes: this.bytes, limit: this.#options.maxBytes }))
    const sound = Entry.safeParse({ report: entry.report, spans: entry.spans })
    if (!sound.success)
      return Promise.reject(new Failure('SPOOL_CORRUPT', { task: entry.report.task, reason: 'not a report' }))
    const json = Buffer.from(JSON.stringify(sound.data))
    const plain = Buffer.allocUnsafe(5 + json.length + entry.compressed.length)
    plain[0] = RESULT
    plain.writeUInt32BE(json.length, 1)
    json.copy(plain, 5)
    plain.set(entry.compressed, 5 + json.length)
    return this.#append([{ id: idOf(entry.report), report: entry.report, sealed: sealRecord(this.#key, plain) }])
  }

  /** Crosses results out. Needs no sync: one that comes back after a crash is reported again, which is harmless. */
  async remove(reports: readonly Pick<Report, 'task' | 'attempt'>[]): Promise<void> {
    const records = reports
      .map((report) => idOf(report))
      .filter((id) => this.#places.has(id))
      .map((id) => ({ id, sealed: sealRecord(this.#key, Buffer.concat([Buffer.from([DONE]), Buffer.from(id)])) }))
    if (records.length > 0) await this.#append(records)
  }

  /** Reads a result back, with its text. @throws Failure SPOOL_CORRUPT */
  async read(report: Pick<Report, 'task' | 'attempt'>): Promise<SpoolEntry> {
    const place = this.#places.get(idOf(report))
    if (!place) throw new Failure('SPOOL_CORRUPT', { task: report.task, reason: 'not there' })
    const sealed = Buffer.alloc(place.length)
    await place.segment.file.read(sealed, 0, place.length, place.offset)
    const plain = unsealRecord(this.#key, sealed)
    const entry = plain && parseResult(plain)
    if (!entry) throw new Failure('SPOOL_CORRUPT', { task: report.task, reason: 'does not decrypt' })
    return entry
  }

  async close(): Promise<void> {
    await this.#drained
    for (const segment of this.#segments) await segment.file.close()
  }

  #append(records: Waiting['records']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, resolve, reject })
      if (!this.#writing) this.#drained = this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#writing = true
    while (this.#queue.length > 0) {
      const group = this.#queue
      this.#queue = []
      try {
        await this.#write(group.flatMap((waiting) => waiting.records))
        for (const waiting of group) waiting.resolve()
      } catch (error) {
        for (const waiting of group) waiting.reject(error)
      }
    }
    this.#writing = false
  }

  async #write(records: Waiting['records']): Promise<void> {
    let segment = this.#segments.at(-1)
    if (!segment || segment.bytes >= SEGMENT_BYTES) segment = await this.#begin((segment?.number ?? 0) + 1)
    const all = Buffer.concat(records.map((record) => record.sealed))
    try {
      await segment.file.write(all, 0, all.length, segment.bytes)
      if (records.some((record) => record.report)) await segment.file.datasync()
    } catch (error) {
      await segment.file.truncate(segment.bytes)
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      throw new Failure('SPOOL_FULL', { reason: code }, { cause: error })
    }
    let offset = segment.bytes
    segment.bytes += all.length
    for (const { id, report, sealed } of records) {
      if (report) this.#put(id, { segment, offset, length: sealed.length, report })
      else this.#cross(id)
      offset += sealed.length
    }
    await this.#removeFinished()
  }

  #put(id: string, place: Place): void {
    this.#cross(id)
    this.#places.set(id, place)
    place.segment.open.add(id)
  }

  #cross(id: string): void {
    const place = this.#places.get(id)
    if (!place) return
    place.segment.open.delete(id)
    this.#places.delete(id)
    if ('artifacts' in place.report.outcome) this.#options.artifacts?.remove(place.report)
  }

  /**
   * A file goes as soon as nothing in it waits, also when an older one stays: one result that the hub can't take must not fill
   * the quota. Crossings-out go with it, so after a crash some results are reported once more.
   */
  async #removeFinished(): Promise<void> {
    for (const segment of this.#segments.slice(0, -1)) {
      if (segment.open.size > 0) continue
      this.#segments.splice(this.#segments.indexOf(segment), 1)
      await segment.file.close()
      await rm(this.#path(segment.number), { force: true })
    }
    const last = this.#segments.at(-1)
    if (last?.open.size !== 0 || last.bytes < SEGMENT_BYTES) return
    await last.file.truncate(0)
    last.bytes = 0
  }

  async #begin(number: number): Promise<Segment> {
    const file = await open(this.#path(number), 'wx+', 0o600)
    await syncFolder(this.#options.dir)
    const segment: Segment = { number, file, bytes: 0, open: new Set() }
    this.#segments.push(segment)
    return segment
  }

  async #recover(number: number): Promise<void> {
    const path = this.#path(number)
    const content = await readFile(path)
    const segment: Segment = { number, file: await open(path, 'r+'), bytes: 0, open: new Set() }
    this.#segments.push(segment)
    while (segment.bytes < content.length) {
      const offset = segment.bytes
      const length =
        content.length - offset >= HEAD_BYTES ? HEAD_BYTES + content.readUInt32BE(offset) : Number.POSITIVE_INFINITY
      if (offset + length > content.length) {
        this.#options.damaged(new Failure('SPOOL_CORRUPT', { file: path, offset, lostBytes: content.length - offset }))
        break
      }
      segment.bytes += length
      const plain = unsealRecord(this.#key, content.subarray(offset, offset + length))
      const entry = plain?.[0] === RESULT ? parseResult(plain) : undefined
      if (!plain || (plain[0] === RESULT && !entry)) {
        this.#options.damaged(new Failure('SPOOL_CORRUPT', { file: path, offset, lostBytes: length }))
      } else if (entry) {
        this.#put(idOf(entry.report), { segment, offset, length, report: entry.report })
      } else this.#cross(plain.toString('latin1', 1))
    }
    if (segment.bytes < content.length) await segment.file.truncate(segment.bytes)
  }

  #path(number: number): string {
    return join(this.#options.dir, `${String(number).padStart(8, '0')}.journal`)
  }
}

const RESULT = 1
const DONE = 2

function idOf(report: Pick<Report, 'task' | 'attempt'>): string {
  return `${report.task}/${report.attempt}`
}

/** A record that is whole but says nothing that this release understands counts as damaged. */
function parseResult(plain: Buffer): SpoolEntry | undefined {
  const end = 5 + plain.readUInt32BE(1)
  const parsed = Entry.safeParse(JSON.parse(plain.toString('utf8', 5, end)))
  return parsed.success ? { ...parsed.data, compressed: plain.subarray(end) } : undefined
}
