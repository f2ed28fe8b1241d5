/**
 * A connection that only listens (LISTEN/NOTIFY) and comes back by itself: closed → connecting → listening → closed, with
 * growing, jittered pauses. A notification is a wake-up, never the truth, so after each return all channels are called.
 */
import type { Client } from 'pg'
import type { Log } from '../log.ts'
import { classify } from './sqlstate.ts'

export interface Subscription {
  close(): Promise<void>
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000

/** A silent connection is asked for a sign of life this often, ms: a half-open one loses notifications without a word. */
const SIGN_OF_LIFE_MS = 20_000

/** Listens until closed. @throws Failure DB_… when the first connection fails */
export async function listenOn(
  newClient: () => Client,
  channels: readonly string[],
  onNotify: (channel: string, payload: string) => void,
  log: Log,
): Promise<Subscription> {
  let current: Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let failures = 0

  const connect = async (): Promise<void> => {
    const client = newClient()
    let isOver = false
    const lost = (err?: unknown) => {
      if (isOver) return
      isOver = true
      clearInterval(life)
      current = undefined
      if (isClosed) return
      log.warn({ err: classify(err) ?? err, channels }, 'listening connection lost')
      void client.end().catch((error) => log.debug({ err: error }, 'closing a lost connection'))
      again()
    }
    const life = setInterval(() => {
      const timeout = setTimeout(() => lost(new Error('timeout expired')), SIGN_OF_LIFE_MS / 2)
      client.query('select 1').then(() => clearTimeout(timeout), lost)
    }, SIGN_OF_LIFE_MS)
    life.unref()
    client.on('notification', (message) => onNotify(message.channel, message.payload ?? ''))
    try {
      client.on('error', (err) => current === client && lost(err))
      await client.connect()
      for (const channel of channels) await client.query(`listen ${client.escapeIdentifier(channel)}`)
    } catch (error) {
      isOver = true
      clearInterval(life)
      void client.end().catch((err) => log.debug({ err }, 'closing a failed connection'))
      throw classify(error) ?? error
    }
    if (isClosed) return client.end()
    client.on('end', () => lost())
    current = client
  }

  const again = () => {
    const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
    failures += 1
    timer = setTimeout(
      () => {
        connect().then(
          () => {
            failures = 0
            if (isClosed) return
            log.info({ channels }, 'listening again')
            for (const channel of channels) onNotify(channel, '')
          },
          (err) => {
            log.debug({ err, channels }, 'listening connection not back yet')
            if (!isClosed) again()
          },
        )
      },
      longestMs * (0.5 + Math.random() / 2),
    )
  }

  await connect()
  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await current?.end()
    },
  }
}
