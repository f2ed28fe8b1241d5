/** The agent's environment, parsed once; everything wrong is told at once. */
import { Failure } from '@netraven/protocol/failure.ts'
import { z } from 'zod'

const Level = z
  .string()
  .transform((level) => level.toLowerCase())
  .pipe(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']))

const Environment = z.object({
  /** Identity, policy, spool and local credentials. */
  NETRAVEN_AGENT_DIR: z.string().min(1).default('/var/lib/netraven-agent'),
  /** Devices read at once. */
  NETRAVEN_CONCURRENCY: z.coerce.number().int().min(1).max(1000).default(50),
  /** The spool holds no more, MiB. */
  NETRAVEN_SPOOL_MIB: z.coerce
    .number()
    .int()
    .min(1)
    .max(1024 * 1024)
    .default(1024),
  LOG_LEVEL: Level.default('info'),
  HTTPS_PROXY: z.url().optional(),
  NO_PROXY: z.string().optional(),
})

export interface AgentConfig {
  readonly dir: string
  readonly concurrency: number
  readonly spoolBytes: number
  readonly logLevel: string
  readonly httpsProxy: string | undefined
  readonly noProxy: string | undefined
}

const expected: Record<string, string> = {
  NETRAVEN_AGENT_DIR: 'a folder, such as /var/lib/netraven-agent',
  NETRAVEN_CONCURRENCY: 'a whole number from 1 to 1000',
  NETRAVEN_SPOOL_MIB: 'a whole number of MiB, at least 1',
  LOG_LEVEL: 'trace, debug, info, warn, error, fatal or silent',
  HTTPS_PROXY: 'a URL such as http://proxy.example:3128',
}

/**
 * Reads the environment.
 * @param env as `process.env`; empty values count as absent
 * @throws Failure CONFIG_INVALID with `problems`, one line for each wrong variable
 */
export function readAgentConfig(env: Record<string, string | undefined>): AgentConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = Environment.safeParse({ ...given, HTTPS_PROXY: given.HTTPS_PROXY ?? given.https_proxy })
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))]
    const problems = names.map((name) => `${name} is "${given[name] ?? ''}"; it should be ${expected[name] ?? 'set'}`)
    throw new Failure('CONFIG_INVALID', { problems })
  }
  const { data } = parsed
  return {
    dir: data.NETRAVEN_AGENT_DIR,
    concurrency: data.NETRAVEN_CONCURRENCY,
    spoolBytes: data.NETRAVEN_SPOOL_MIB * 1024 * 1024,
    logLevel: data.LOG_LEVEL,
    httpsProxy: data.HTTPS_PROXY,
    noProxy: data.NO_PROXY ?? given.no_proxy,
  }
}

/** The process's own environment. */
export function readOwnConfig(): AgentConfig {
  return readAgentConfig(process.env)
}
