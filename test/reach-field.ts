/** A hub with people who own, were granted, or may not see devices, and with what stands around one device. */
import { newId } from '../hub/ids.ts'
import { allScopes } from '../hub/scopes.ts'
import { hashOfToken, newServiceToken } from '../hub/service-token.ts'
import { type Answered, openTestApi, type TestApi } from './api.ts'
import { keepText } from './backups.ts'
import type { ServerKind } from './postgres.ts'
import type { Place } from './reach-operations.ts'
import { seedAgent, seedCredential, seedDevice, seedRun, seedSite } from './seed.ts'

const names = ['owner', 'reader', 'operator', 'stranger', 'other', 'nobody'] as const
export type Name = (typeof names)[number]

interface Person {
  readonly id: string
  readonly authorization: string
}

export type ReachField = Awaited<ReturnType<typeof openReachField>>

export async function openReachField(kind: ServerKind) {
  let lateMs = 0
  const people = new Map<Name, Person>()
  const api: TestApi = await openTestApi(kind, { clock: () => Date.now() + lateMs })
  const { db } = api.database
  const site = await seedSite(db, 'lab')
  const agent = await seedAgent(db, site)
  const credential = await seedCredential(db, api.keyring, 'canary-password')
  const driverVersion = newId()
  const file = { name: 'acme_os', number: 1, digest: 'd', source: '', file: '{}', created_by: 'test' }
  const rest = { title: null, aliases: null, transports: null, extends: null, tried: null }
  await db
    .insertInto('driver_versions')
    .values({ id: driverVersion, ...file, ...rest })
    .execute()
  const { body } = await api.call('GET', '/api/openapi.json')
  const paths = body.paths as Record<string, Record<string, { security?: { bearer?: string[] }[] }>>
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security = [] }]) => ({
      id: `${method.toUpperCase()} ${path.replace(/^\/api/, '')}`,
      ...{ method: method.toUpperCase(), path: path.replace(/^\/api/, '') },
      scopes: security[0]?.bearer,
    })),
  )
  for (const name of names) people.set(name, await addPerson(name))

  /** With every scope but the one that lifts ownership, and `nobody` with none. */
  async function addPerson(name: Name): Promise<Person> {
    const { db } = api.database
    const id = newId()
    const scopes =
      name === 'nobody' ? [] : allScopes.filter((scope) => scope !== 'all:devices' && scope !== 'admin:grants')
    const held = scopes.filter((scope) => name !== 'stranger' || scope !== 'read:users')
    const user = {
      id,
      username: name,
      display_name: `The ${name}`,
      password_hash: '',
      role: 'admin',
      scopes: held,
    } as const
    await db.insertInto('users').values(user).execute()
    const token = newServiceToken()
    await db
      .insertInto('service_tokens')
      .values({
        ...{ id: newId(), user_id: id, name: 'test', token_hash: hashOfToken(token), scopes: held, created_by: 'test' },
        expires_at: new Date(Date.now() + 86_400_000),
      })
      .execute()
    return { id, authorization: `Bearer ${token}` }
  }

  const person = (name: Name): Person => people.get(name) ?? { id: '', authorization: '' }

  const call = async (
    name: Name | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Omit<Answered, 'headers'>> => {
    const authorization = name === undefined ? '' : person(name).authorization
    if (path.endsWith('/events')) {
      // It goes on for as long as the run does.
      const response = await api.fetch(
        new Request(`http://hub.test/api${path}`, { method, headers: { authorization } }),
      )
      const text = response.ok ? '' : await response.text()
      if (response.ok) await response.body?.cancel()
      return { status: response.status, text, body: {}, error: text === '' ? undefined : JSON.parse(text).error }
    }
    return api.call(method, `/api${path}`, body, { authorization })
  }

  async function addDevice(owner: Name | null = 'owner', tags: Record<string, string> = {}): Promise<string> {
    const id = await seedDevice(api.database.db, site, credential)
    const owner_id = owner === null ? null : person(owner).id
    await api.database.db
      .updateTable('devices')
      .set({ owner_id, tags: JSON.stringify(tags) })
      .where('id', '=', id)
      .execute()
    return id
  }

  async function grant(
    device: string,
    to: Name,
    level: 'read' | 'operate' | 'manage',
    extra: object = {},
  ): Promise<string> {
    const id = newId()
    await api.database.db
      .insertInto('grants')
      .values({ id, device_id: device, user_id: person(to).id, level, made_by: 'test', ...extra })
      .execute()
    return id
  }

  async function addPlace(): Promise<Place> {
    const { db } = api.database
    const device = await addDevice('owner', { env: 'lab' })
    const version = await keepText(api, agent, device, `hostname ${device}\n`)
    const seen = { first_seen_at: new Date(), last_seen_at: new Date(), attempt: 1, agent_id: agent.id }
    const task = await db
      .selectFrom('tasks')
      .select(['id', 'run_id'])
      .where('device_id', '=', device)
      .executeTakeFirstOrThrow()
    const artifact = newId()
    await db
      .insertInto('artifacts')
      .values({
        ...{
          id: artifact,
          device_id: device,
          source: 'flash',
          name: 'flash.tar',
          state: 'absent',
          failure_details: null,
          ...seen,
        },
        ...{
          content_hash: null,
          size_bytes: null,
          signature: null,
          failure_code: 'POLICY_NETWORK',
          last_task_id: task.id,
          task_id: task.id,
        },
      })
      .execute()
    const ended = { state: 'succeeded', finished_at: new Date(), purpose: 'test' } as const
    for (const only_credential_id of [null, credential]) {
      const { tasks } = await seedRun(db, site, [device])
      await db
        .updateTable('tasks')
        .set({ ...ended, only_credential_id })
        .where('id', 'in', tasks)
        .execute()
    }
    const trial = newId()
    const deadline_at = new Date(Date.now() + 60_000)
    await db
      .insertInto('driver_trials')
      .values({
        ...{ id: trial, version_id: driverVersion, task_id: task.id, outcome: null, requested_by: 'test', deadline_at },
      })
      .execute()
    const pattern = newId()
    await db
      .insertInto('line_patterns')
      .values({ id: pattern, kind: 'ignore', pattern: `^y ${device}`, device_id: device, created_by: 'test' })
      .execute()
    const request = newId()
    const asked = { kind: 'device', asked_for: device, level: 'read', reason: 'curious' } as const
    await db
      .insertInto('access_requests')
      .values({ id: request, user_id: person('other').id, device_id: device, ...asked })
      .execute()
    await grant(device, 'reader', 'read')
    await grant(device, 'operator', 'operate')
    const place = { device, site, credential, run: task.run_id, version, artifact, pattern, trial, request }
    return { ...place, grant: await grant(device, 'other', 'read') }
  }

  /** Moves the clock of the hub: what it remembers of people is looked up anew. */
  const later = (ms: number) => {
    lateMs += ms
  }

  return { api, site, agent, credential, operations, person, call, addDevice, grant, addPlace, later }
}
