/** The file of an own driver, compiled into what the engine reads devices with. Pure: same file, same driver. */
import { createHash } from 'node:crypto'
import { commandsOfFile, DriverFile } from '@netraven/protocol/driver-file.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { type Command, commonPagers, type Driver, defineDriver } from './driver.ts'
import type { DriverSource } from './driver-catalogue.ts'

/** How patterns are compiled: bounded where the engine talks, plain where a thread bounds the whole. */
export type MakePattern = (source: string) => RegExp

/** What a file's digest is, 64 hex digits. */
export function fileDigest(file: string): string {
  return createHash('sha256').update(file, 'utf8').digest('hex')
}

/**
 * @param text JSON, as it was signed for
 * @throws Failure DRIVER_INVALID when it is no driver, DRIVER_UNKNOWN when it extends one that this agent does not have;
 * what `builtIn` throws
 */
export async function compileDriver(text: string, builtIn: DriverSource, make: MakePattern): Promise<Driver> {
  const file = parse(text)
  const base = file.extends === undefined ? undefined : await builtIn.find(file.extends)
  if (file.extends !== undefined && base?.name !== file.extends) {
    throw new Failure('DRIVER_UNKNOWN', { driver: file.extends, reason: `${file.name} extends it` })
  }
  const patterns = (sources: readonly string[]) => sources.map(make)
  const commands = (list: DriverFile['commands']) => (list ?? []).map((command) => commandOf(command, make))
  /** Replaced when it is there, put behind the base's when it has a plus, else the base's. */
  const listOf = <Item>(own: Item[] | undefined, more: Item[] | undefined, old: readonly Item[] | undefined) => {
    if (own) return own
    return [...(old ?? []), ...(more ?? [])]
  }
  const lines = (name: 'rejected' | 'denied' | 'volatile' | 'secrets' | 'resalted') => {
    const own = file[name]
    const more = file[`+${name}`]
    return listOf(own && patterns(own), more && patterns(more), base?.[name])
  }
  const { enable, unwrap, prompt } = file
  return defineDriver({
    ...base,
    name: file.name,
    own: { file: text, commands: commandsOfFile(file), ...(base ? { extends: base.name } : {}) },
    title: file.title ?? base?.title ?? file.name,
    aliases: file.aliases ?? base?.aliases ?? [],
    comment: file.comment ?? base?.comment ?? '',
    ...(file.commentEnd === undefined ? {} : { commentEnd: file.commentEnd }),
    channel: file.channel ?? base?.channel ?? 'shell',
    transports: file.transports ?? base?.transports ?? ['ssh'],
    prompt: prompt === undefined ? (base?.prompt ?? make('^$')) : make(prompt),
    answers: file.answers?.map(({ when, send }) => ({ when: make(when), send })) ?? base?.answers ?? [],
    ...(enable ? { enable: { run: enable.run, from: make(enable.from), password: make(enable.password) } } : {}),
    prepare: file.prepare ?? base?.prepare ?? [],
    pagers: file.pagers?.map(({ when, send }) => ({ when: make(when), send })) ?? base?.pagers ?? commonPagers,
    rejected: lines('rejected'),
    denied: lines('denied'),
    commands: listOf(
      file.commands && commands(file.commands),
      file['+commands'] && commands(file['+commands']),
      base?.commands,
    ),
    volatile: lines('volatile'),
    ...(unwrap === undefined ? {} : { unwrap: make(unwrap) }),
    secrets: lines('secrets'),
    resalted: lines('resalted'),
    ...(file.idleMs === undefined ? {} : { idleMs: file.idleMs }),
    ...(file.totalMs === undefined ? {} : { totalMs: file.totalMs }),
    logout: file.logout ?? base?.logout ?? ['exit'],
  })
}

function parse(text: string): DriverFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Failure('DRIVER_INVALID', { problems: ['the file is not JSON'] }, { cause })
  }
  const parsed = DriverFile.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.slice(0, 8).map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Failure('DRIVER_INVALID', { problems })
}

function commandOf(command: NonNullable<DriverFile['commands']>[number], make: MakePattern): Command {
  const { run, as, keep, complete, optional, idleMs, totalMs } = command
  return {
    run,
    as,
    ...(keep === undefined ? {} : { keep: make(keep) }),
    ...(complete === undefined ? {} : { complete: make(complete) }),
    ...(optional === undefined ? {} : { optional }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(totalMs === undefined ? {} : { totalMs }),
  }
}
