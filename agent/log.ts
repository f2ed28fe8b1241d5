/** JSON logs to standard output. Nothing secret is ever given to them; names of secrets are blanked all the same. */
import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

const SECRET_NAMES = [
  'password',
  'enable',
  'privateKey',
  'passphrase',
  'secret',
  'token',
  'box',
  'signSeed',
  'spoolKey',
  'maskKey',
]

/** @param level trace, debug, info, warn, error, fatal or silent */
export function createLog(level: string, destination?: DestinationStream): Log {
  const redact = { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' }
  const options = {
    level,
    base: { service: 'netraven-agent' },
    redact,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  }
  return destination ? pino(options, destination) : pino(options)
}
