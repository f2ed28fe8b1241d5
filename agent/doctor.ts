/** What `netraven-agent doctor` looks at, in the order in which things must be right. */
import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '@netraven/protocol/failure.ts'
import type { AgentConfig } from './config.ts'
import { unreachable } from './enrollment.ts'
import { readIdentity } from './identity.ts'
import { loadPolicy } from './policy.ts'

/** Clocks further apart than this make trouble, ms. */
const SKEW_LIMIT_MS = 60_000

export interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly finding: string
  readonly remedy?: string
}

export interface DoctorParts {
  readonly fetch: typeof fetch
  readonly nowMs: () => number
}

/** Looks at everything, also after something was found wrong. */
export async function diagnose(config: AgentConfig, parts: DoctorParts): Promise<Finding[]> {
  const findings: Finding[] = [await folder(config.dir), await policy(config.dir)]
  const identity = await readIdentity(config.dir).catch((error: unknown) => {
    findings.push(failed('identity', error))
    return null
  })
  if (identity === null) return findings
  if (!identity) {
    const failure = new Failure('AGENT_NOT_ENROLLED')
    findings.push({ check: 'identity', ok: false, finding: failure.message, remedy: failure.entry.remedies[0] ?? '' })
    return findings
  }
  const mode = (await stat(join(config.dir, 'identity.json'))).mode & 0o777
  const secret = (mode & 0o077) === 0
  findings.push({
    check: 'identity',
    ok: secret,
    finding: `${identity.name} at site ${identity.site}, mode ${mode.toString(8)}`,
    ...(secret ? {} : { remedy: `chmod 600 ${join(config.dir, 'identity.json')}` }),
  })
  findings.push(...(await hub(identity.hubUrl, parts)))
  return findings
}

async function folder(dir: string): Promise<Finding> {
  const error = await access(dir, constants.R_OK | constants.W_OK | constants.X_OK).catch(
    (error: NodeJS.ErrnoException) => error,
  )
  if (!error) return { check: 'folder', ok: true, finding: dir }
  const remedy = `mkdir -p ${dir} && chown $(id -un) ${dir}`
  return { check: 'folder', ok: false, finding: `${dir}: ${error.code}`, remedy }
}

async function policy(dir: string): Promise<Finding> {
  try {
    const found = await loadPolicy(dir)
    return { check: 'policy', ok: true, finding: found.source }
  } catch (error) {
    return failed('policy', error)
  }
}

async function hub(hubUrl: string, { fetch, nowMs }: DoctorParts): Promise<Finding[]> {
  const url = new URL('/api/health', hubUrl)
  const before = nowMs()
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000), redirect: 'error' })
    await response.arrayBuffer()
    const roundTripMs = nowMs() - before
    const findings: Finding[] = [
      { check: 'hub', ok: response.ok, finding: `${url.origin} answers ${response.status} in ${roundTripMs} ms` },
    ]
    const date = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(date)) {
      const aheadMs = Math.round(nowMs() - roundTripMs / 2 - date)
      const ok = Math.abs(aheadMs) < SKEW_LIMIT_MS
      findings.push({
        check: 'clock',
        ok,
        finding: `${Math.abs(Math.round(aheadMs / 1000))} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the hub`,
        ...(ok ? {} : { remedy: 'Set the clock of this host: use NTP (chrony or systemd-timesyncd).' }),
      })
    }
    return findings
  } catch (error) {
    return [failed('hub', unreachable(url, error))]
  }
}

function failed(check: string, error: unknown): Finding {
  if (!(error instanceof Failure)) throw error
  const [remedy] = error.entry.remedies
  return { check, ok: false, finding: error.line, ...(remedy ? { remedy } : {}) }
}
