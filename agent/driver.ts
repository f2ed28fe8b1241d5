/**
 * A driver says how to read one operating system. It is data: the session engine owns login, paging, echo and enable,
 * `text.ts` owns cleaning and masking. A driver's name is its file's name, `vendor_os`.
 */
import type { Transport } from '@netraven/protocol/transport.ts'
import type { HttpPlan } from './http-plan.ts'

export interface Driver {
  /** The file's name; set when it is loaded. */
  readonly name: string
  /** As the vendor writes it. */
  readonly title: string
  /** Names of this system in Oxidized, netmiko and RANCID, and what people say. Lower case. */
  readonly aliases: readonly string[]
  /** What starts a comment line in this configuration; notes are kept above the configuration behind it. */
  readonly comment: string
  /** What ends such a line; absent: the line's end. */
  readonly commentEnd?: string
  /**
   * `shell`: one interactive session; `exec`: a channel for each command, whose clean close ends the output; `exchange`: requests and
   * answers, over NETCONF, HTTP or file transfer.
   */
  readonly channel: 'shell' | 'exec' | 'exchange'
  /** Ways in that this system has, its usual one first. Default for a channel: SSH, then Telnet. */
  readonly transports: readonly Transport[]
  /** What is different when the device is reached in another way than the usual one. */
  readonly over?: Partial<Readonly<Record<Transport, DriverOver>>>
  /**
   * The prompt as the last, unfinished line; anchored with ^ and $. It finds the first prompt; then the literal line is
   * learnt and only that one ends a read. With `exec` it is used only when a device offers no exec channel.
   * What may change from one prompt to the next is a named group, such as `(?<count>\d+)` where the system counts its commands; the
   * rest stays literal. A group takes part in each match, if with nothing in it: `(?<unsaved>(?:\* )?)`.
   */
  readonly prompt: RegExp
  /** How HTTP proves who asks; with it a command is a method, a path and perhaps a body: `GET /backup`. */
  readonly http?: HttpPlan
  /** Questions of a login on a line: Telnet, console servers, and where SSH lets everybody in and the system asks then. */
  readonly login?: LineQuestions
  /**
   * Questions between connection and prompt, before a login on a line and behind every login, and their answers; an answer is sent
   * with Enter unless it ends in `\c`.
   */
  readonly answers: readonly Answer[]
  /** How to gain the privilege to read everything; absent: login has it or never will. */
  readonly enable?: Enable
  /** Sent after login (and enable), in order: paging off, width. A refusal of one is ignored: the pager is stubborn then. */
  readonly prepare: readonly string[]
  /** What a pager's line looks like and the key that goes on; the shared list unless the system has its own. */
  readonly pagers: readonly Pager[]
  /** Output lines that say the system does not know or did not take the command; the next of `run` is tried. */
  readonly rejected: readonly RegExp[]
  /** Output lines that say the user may not: PRIVILEGE_INSUFFICIENT, no other command is tried. */
  readonly denied: readonly RegExp[]
  readonly commands: readonly Command[]
  /** Whole lines that change without a change of configuration: clocks, uptimes. Dropped from text. */
  readonly volatile: readonly RegExp[]
  /** What joins a wrapped line to the next; matches are removed. */
  readonly unwrap?: RegExp
  /**
   * Where secrets stand: each has a group `(?<secret>…)`. Compiled with the flags d, g and m over the whole text, so ^ and $
   * are line bounds and `.` does not cross lines; a pattern may cross them by saying `\n`.
   */
  readonly secrets: readonly RegExp[]
  /** Secrets that the system encrypts anew at each read; blanked in the fingerprint. Same form as `secrets`. */
  readonly resalted: readonly RegExp[]
  /** A command that sends no byte for so long has stalled, ms. */
  readonly idleMs: number
  /** A command takes no longer than this, ms. */
  readonly totalMs: number
  /** Sent at the end, politely; the connection is closed anyway. */
  readonly logout: readonly string[]
  /** It came as a file, from the hub; absent: built in. */
  readonly own?: OwnDriver
}

export interface OwnDriver {
  /** What it was compiled from, JSON. */
  readonly file: string
  /** What the file itself brings; the others are those of the built-in driver that it extends. */
  readonly commands: readonly string[]
  /** Name of that driver; absent: it extends none. */
  readonly extends?: string
}

/** What replaces the driver's own fields over another transport. */
export type DriverOver = Partial<Omit<Driver, 'name' | 'title' | 'aliases' | 'transports' | 'over' | 'own'>>

export interface LineQuestions {
  /** The unfinished last line that wants the user name; absent: as most systems put it. */
  readonly username?: RegExp
  /** The one that wants the password. */
  readonly password?: RegExp
  /** The system asks behind an SSH login too. */
  readonly afterSsh?: boolean
}

/** One answer is given so often at most. */
export const ANSWERS_MAX = 4

export interface Answer {
  /** The unfinished last line. */
  readonly when: RegExp
  /** Text to send, then Enter; with a trailing `\c` no Enter. */
  readonly send: string
}

export interface Enable {
  readonly run: string
  /** The prompt without privilege; when the first prompt does not match, enable is not needed. */
  readonly from: RegExp
  /** What the system prints when it wants the enable password. */
  readonly password: RegExp
}

export interface Pager {
  /** The unfinished last line, or its end. */
  readonly when: RegExp
  /** Sent as it is, without Enter. */
  readonly send: string
}

export interface Command {
  /**
   * What is sent; several are tried in turn until the system knows one: newest syntax first. Read-only, all of them. `{enable}` stands,
   * once and in a shell or an exec channel, for the pass phrase of the credential, its enable secret; see `passphrase.ts`.
   */
  readonly run: string | readonly string[]
  /**
   * `config`: kept as it is. `note`: kept lines stand as comments above the configuration. `artifact`: a file, kept byte for byte beside
   * the text or instead of it; `run` is then `get PATH` or `newest DIR/PATTERN` (`transport/files.ts`), over SSH too, or what HTTP asks.
   */
  readonly as: 'config' | 'note' | 'artifact'
  /** Of a note: the lines worth keeping, and of each no more than its group `(?<keep>…)`, if it has one. Absent: all. */
  readonly keep?: RegExp
  /**
   * Of a configuration: what only a whole one has, tested (with the flag m) on the cleaned output; mandatory there. Of an artifact: what
   * one begins with, tested on the first 512 bytes as Latin-1; that it has its end is seen by the transfer and, of gzip, zip and tar, in it.
   */
  readonly complete?: RegExp
  /** A note that the system may not know: then it is left out without a word. Default true for notes, else false. */
  readonly optional?: boolean
  readonly idleMs?: number
  readonly totalMs?: number
}

/** Pagers seen on many systems; a driver may put its own in front by spread. */
export const commonPagers: readonly Pager[] = [
  { when: /^[ \t]*<?-{2,4} ?[([]?[Mm](?:ore|ORE)\b.{0,60}$/, send: ' ' },
  { when: /^[ \t]*[Pp]ress any key to continue.{0,60}$/, send: ' ' },
  { when: /^\(END\)\s*$/, send: 'q' },
]

type Draft = Omit<
  Driver,
  | 'name'
  | 'transports'
  | 'answers'
  | 'prepare'
  | 'pagers'
  | 'denied'
  | 'volatile'
  | 'secrets'
  | 'resalted'
  | 'idleMs'
  | 'totalMs'
  | 'logout'
> &
  Partial<Driver>

/** Fills in what most systems share. */
export function defineDriver(draft: Draft): Driver {
  return {
    name: '',
    transports: ['ssh', 'telnet'],
    answers: [],
    prepare: [],
    pagers: commonPagers,
    denied: [],
    volatile: [],
    secrets: [],
    resalted: [],
    idleMs: 30_000,
    totalMs: 120_000,
    logout: ['exit'],
    ...draft,
  }
}

/** The driver as it reads a device over this transport. */
export function driverOver(driver: Driver, transport: Transport): Driver {
  const other = driver.over?.[transport]
  return other ? { ...driver, ...other } : driver
}

/** All commands that this driver may ever send; the read-only guard lets nothing else through. */
export function commandsOf(driver: Driver): string[] {
  return [
    ...(driver.enable ? [driver.enable.run] : []),
    ...driver.prepare,
    ...driver.commands.flatMap((command) => command.run),
    ...driver.logout,
  ]
}
