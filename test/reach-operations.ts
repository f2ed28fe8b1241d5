/**
 * Every operation of the API, and whose devices it may touch: the matrix of `reach.test.ts`. An operation that is not here, or no longer
 * in the API, fails that test.
 */
import type { Level } from '../hub/reach.ts'

/** What stands ready around one device. */
export interface Place {
  readonly device: string
  readonly site: string
  readonly credential: string
  readonly run: string
  readonly version: string
  readonly artifact: string
  readonly pattern: string
  readonly trial: string
  /** Of the device to somebody else, and somebody else's request for it. */
  readonly grant: string
  readonly request: string
}

/** An operation on one device. */
export interface OnDevice {
  /** What it takes; to others who may read the device it is refused. */
  readonly level: Level
  /** Ids that stand in the path, or in the body. */
  readonly path: (place: Place) => string
  readonly body?: (place: Place) => unknown
  /** Answers to whoever may; what they may not is 403 or 404. */
  readonly answers: readonly number[]
  /** To those who may read the device it is not there either. */
  readonly isHidden?: boolean
  /** How an answer names what is not there, besides the id. */
  readonly missing?: string
}

const HOST_KEY = `SHA256:${'A'.repeat(43)}`
const device =
  (rest = '') =>
  (place: Place) =>
    `/devices/${place.device}${rest}`
const read = (path: OnDevice['path'], answers: readonly number[] = [200]): OnDevice => ({
  level: 'read',
  path,
  answers,
})
const act = (level: Level, path: OnDevice['path'], answers: readonly number[], body?: OnDevice['body']): OnDevice => ({
  ...{ level, path, answers },
  ...(body && { body }),
})

export const onDevice: Readonly<Record<string, OnDevice>> = {
  'GET /devices/{id}': read(device()),
  'PATCH /devices/{id}': act('manage', device(), [200], () => ({ group: 'core' })),
  'DELETE /devices/{id}': act('manage', device(), [204]),
  'POST /devices/{id}/cooldown/reset': act('manage', device('/cooldown/reset'), [200]),
  'POST /devices/{id}/reachability': act('operate', device('/reachability'), [202, 409, 503]),
  'POST /devices/{id}/credential-test': act(
    'operate',
    device('/credential-test'),
    [202, 409, 503],
    ({ credential }) => ({
      credential,
    }),
  ),
  'GET /devices/{id}/reachability': read(device('/reachability')),
  'GET /devices/{id}/credential-test': read(
    (place) => `/devices/${place.device}/credential-test?credential=${place.credential}`,
  ),
  'GET /devices/{id}/host-key': read(device('/host-key')),
  'POST /devices/{id}/host-key': act('manage', device('/host-key'), [200], () => ({ hostKey: HOST_KEY })),
  'DELETE /devices/{id}/host-key': act('manage', device('/host-key'), [200]),
  'GET /devices/{id}/backups': read(device('/backups')),
  'PUT /devices/{id}/owner': act('manage', device('/owner'), [200], () => ({ owner: null })),
  'PUT /devices/{id}/tags/{tagId}': act('manage', device('/tags/env%3Dlab'), [200]),
  'DELETE /devices/{id}/tags/{tagId}': act('manage', device('/tags/env'), [200]),
  'POST /runs': act(
    'operate',
    () => '/runs',
    [201, 409],
    (place) => ({ devices: [place.device] }),
  ),
  'GET /runs/{id}': read(({ run }) => `/runs/${run}`),
  'GET /runs/{id}/tasks': read(({ run }) => `/runs/${run}/tasks`),
  'GET /runs/{id}/events': read(({ run }) => `/runs/${run}/events`),
  // Whoever reads some of its devices sees it; tasks of devices that they may not back up go on.
  'POST /runs/{id}/cancel': act('read', ({ run }) => `/runs/${run}/cancel`, [200]),
  'GET /backups/{id}': read(({ version }) => `/backups/${version}`),
  'GET /backups/{id}/content': read(({ version }) => `/backups/${version}/content`),
  'GET /backups/{from}/diff/{to}': read(({ version }) => `/backups/${version}/diff/${version}`),
  'POST /backups/{id}/verify': act('read', ({ version }) => `/backups/${version}/verify`, [200]),
  'POST /backups/{id}/accept': act('manage', ({ version }) => `/backups/${version}/accept`, [200]),
  'GET /artifacts/{id}': read(({ artifact }) => `/artifacts/${artifact}`),
  // This one is absent, so that there are no bytes; who may not see it learns nothing of the device.
  'GET /artifacts/{id}/content': {
    ...read(({ artifact }) => `/artifacts/${artifact}/content`, [404]),
    missing: 'device',
  },
  'POST /artifacts/{id}/verify': {
    ...act('read', ({ artifact }) => `/artifacts/${artifact}/verify`, [404]),
    missing: 'device',
  },
  'GET /driver-trials/{id}': read(({ trial }) => `/driver-trials/${trial}`),
  'DELETE /patterns/{id}': act('manage', ({ pattern }) => `/patterns/${pattern}`, [204]),
  'POST /patterns': act(
    'manage',
    () => '/patterns',
    [201],
    (place) => ({
      ...{ kind: 'ignore', pattern: `^x ${place.device}`, device: place.device },
    }),
  ),
  'POST /credentials/{id}/test': act(
    'operate',
    (place) => `/credentials/${place.credential}/test`,
    [202, 409, 503],
    (place) => ({
      device: place.device,
    }),
  ),
  'PUT /grants': act(
    'manage',
    () => '/grants',
    [200],
    (place) => ({ device: place.device, user: 'other', level: 'read' }),
  ),
  'DELETE /grants/{id}': { ...act('manage', ({ grant }) => `/grants/${grant}`, [204]), isHidden: true },
  'POST /access-requests/{id}/approve': {
    ...act(
      'manage',
      ({ request }) => `/access-requests/${request}/approve`,
      [200],
      () => ({}),
    ),
    isHidden: true,
  },
  'POST /access-requests/{id}/deny': {
    ...act(
      'manage',
      ({ request }) => `/access-requests/${request}/deny`,
      [200],
      () => ({}),
    ),
    isHidden: true,
  },
}

/** Lists and bulk operations: each has a test of what it leaves out. */
export const overDevices: readonly string[] = [
  'GET /devices',
  'GET /devices/export',
  'POST /devices',
  'POST /devices/import',
  'POST /devices/bulk',
  'GET /runs',
  'GET /backups',
  'GET /artifacts',
  'GET /credentials',
  'GET /credentials/{id}',
  'GET /credentials/{id}/usage',
  'GET /credentials/expiring',
  'DELETE /credentials/{id}',
  'PATCH /credentials/{id}',
  'POST /credentials/{id}/revoke',
  'POST /credentials/{id}/guard/reset',
  'GET /drivers/{name}',
  'GET /drivers/{name}/history',
  'POST /drivers',
  'DELETE /drivers/{name}',
  'GET /patterns',
  'GET /sites',
  'GET /sites/{id}',
  'PATCH /sites/{id}',
  'DELETE /sites/{id}',
  'GET /storage/status',
  'GET /tags',
  'GET /tags/{id}',
  'PATCH /tags/{id}',
  'POST /tags',
  'DELETE /tags/{id}',
  'GET /tags/{id}/devices',
  'POST /tags/assign',
  'POST /tags/unassign',
  'POST /tag-rules/test',
  'POST /tag-rules/{id}/apply',
  'GET /grants',
  'GET /access-requests',
  'POST /access-requests',
]

/** Operations that have nothing to do with a device: their scopes decide alone. A path that begins so. */
export const apart: readonly RegExp[] = [
  /^\w+ \/(auth|admin|users|groups|roles|audit-logs|health|failures|version|docs|openapi|diagnostics|notifications|settings)\b/,
  /^\w+ \/agents\b/,
  /^GET \/(drivers|platforms|devices\/import\/schema)$/,
  /^POST \/(sites|credentials|drivers\/\{name\}\/rollback)$/,
  /^(GET|POST) \/tag-rules$/,
  /^(GET|PATCH|DELETE) \/tag-rules\/\{id\}$/,
]
