/** Every operation of the API that changes something, once and in order, and what the audit log must say of it. */
import { generateKeyPairSync } from 'node:crypto'
import { acmeSource } from './acme-device.ts'

export interface Step {
  readonly operation: string
  /** Absent: that of the operation, with `{id}` and the like filled in from what was kept as `id`. */
  readonly path?: (kept: Kept) => string
  readonly body?: unknown | ((kept: Kept) => unknown)
  /** Actions of the entries that it leaves. */
  readonly entries: readonly string[]
  /** Fields of the answer that are kept, and under which names. */
  readonly keep?: Readonly<Record<string, string>>
  /** Name of the token that is sent, of those kept; absent: the administrator's. */
  readonly as?: string
}

/** Ids, tokens and the like, by name. */
export type Kept = Record<string, string>

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const open = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const PASSPHRASE = 'canary-of-the-key'
const locked = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })

/** Secrets that steps send: nothing may ever show one. */
export const planted: readonly string[] = [
  'canary',
  ...open.split('\n').slice(1, 3),
  ...locked.toString().split('\n').slice(1, 3),
]

const HOST_KEY = `SHA256:${'A'.repeat(43)}`
const device = (name: string, more: object = {}) => ({
  ...{ name, address: '192.0.2.1', driver: 'linux', site: 'lab', ...more },
})

const does = (
  operation: string,
  entries: readonly string[],
  rest: Partial<Omit<Step, 'operation' | 'entries'>> = {},
): Step => ({ operation, entries, ...rest })
const at = (path: string) => () => path

export const steps: readonly Step[] = [
  does('POST /sites', ['site added'], { body: { name: 'spare' } }),
  does('PATCH /sites/{id}', ['site changed'], { path: at('/sites/spare'), body: { name: 'spare2' } }),
  does('DELETE /sites/{id}', ['site removed'], { path: at('/sites/spare2') }),

  does('POST /credentials', ['credential added'], {
    body: { name: 'core', username: 'u', password: 'canary-password', enable: 'canary-enable' },
  }),
  does('PATCH /credentials/{id}', ['credential changed'], {
    path: at('/credentials/core'),
    body: { privateKey: locked, passphrase: PASSPHRASE },
  }),
  does('PATCH /credentials/{id}', ['credential changed'], {
    path: at('/credentials/core'),
    body: { password: 'canary-next', enable: 'canary-next-enable' },
  }),
  does('POST /credentials/{id}/guard/reset', ['credential guard reset'], {
    path: at('/credentials/core/guard/reset'),
    body: {},
  }),
  does('POST /credentials', ['credential added'], { body: { name: 'old', username: 'u', password: 'canary-old' } }),
  does('POST /credentials/{id}/revoke', ['credential revoked'], { path: at('/credentials/old/revoke') }),
  does('DELETE /credentials/{id}', ['credential removed'], { path: at('/credentials/old') }),

  does('POST /devices', ['device added'], { body: device('sw1', { credential: 'core' }) }),
  does('POST /devices', ['device added'], { body: device('sw2', { credential: 'core' }) }),
  does('PATCH /devices/{id}', ['device changed', 'host key set'], {
    path: at('/devices/sw1'),
    body: { group: 'core', hostKey: HOST_KEY },
  }),
  does('POST /devices/{id}/cooldown/reset', ['device cool-down reset'], { path: at('/devices/sw1/cooldown/reset') }),
  does('POST /devices/{id}/host-key', ['host key set'], {
    path: at('/devices/sw1/host-key'),
    body: { hostKey: HOST_KEY },
  }),
  does('DELETE /devices/{id}/host-key', ['host key set'], { path: at('/devices/sw1/host-key') }),
  does('PUT /devices/{id}/owner', ['device owner changed'], {
    path: at('/devices/sw1/owner'),
    body: { owner: 'admin' },
  }),
  does('PUT /devices/{id}/tags/{tagId}', ['devices tagged'], { path: at('/devices/sw1/tags/env%3Dlab') }),
  does('DELETE /devices/{id}/tags/{tagId}', ['devices tagged'], { path: at('/devices/sw1/tags/env') }),
  does('POST /devices/import', ['credential added', 'device added', 'device changed', 'devices imported'], {
    path: at('/devices/import?site=lab'),
    body: 'name,address,driver,username,password\nsw3,192.0.2.3,linux,u3,canary-import\nsw2,192.0.2.2,linux,,\n',
  }),
  does('POST /devices/bulk', ['device changed', 'device changed'], {
    body: { op: 'set', ids: ['sw1', 'sw2'], change: { group: 'edge' } },
  }),
  does('DELETE /devices/{id}', ['device removed'], { path: at('/devices/sw3') }),

  does('POST /devices/{id}/reachability', ['device test started'], { path: at('/devices/sw1/reachability') }),
  does('POST /devices/{id}/credential-test', ['credential test started'], {
    path: at('/devices/sw2/credential-test'),
    body: { credential: 'core' },
  }),
  does('POST /devices', ['device added'], { body: device('sw4', { credential: 'core' }) }),
  does('POST /credentials/{id}/test', ['credential test started'], {
    path: at('/credentials/core/test'),
    body: { device: 'sw4' },
  }),
  does('POST /devices', ['device added'], { body: device('sw5') }),
  does('POST /runs', ['run started'], { body: { devices: ['sw5'] }, keep: { id: 'run' } }),
  does('POST /runs/{id}/cancel', ['run cancelled'], { path: ({ run }) => `/runs/${run}/cancel` }),
  does('POST /backups/{id}/accept', ['suspect backup accepted'], { path: ({ backup }) => `/backups/${backup}/accept` }),

  does('POST /drivers', ['driver changed'], { body: { source: acmeSource(), untried: true } }),
  does('POST /drivers', ['driver changed'], {
    body: { source: acmeSource().replace(/^title: .*/m, 'title: Other'), untried: true },
  }),
  does('POST /drivers/{name}/rollback', ['driver changed'], {
    path: at('/drivers/acme_os/rollback'),
    body: { version: 1 },
  }),
  does('DELETE /drivers/{name}', ['driver changed'], { path: at('/drivers/acme_os') }),
  does('POST /patterns', ['pattern added'], {
    body: { kind: 'ignore', pattern: '^x', device: 'sw1' },
    keep: { id: 'pattern' },
  }),
  does('DELETE /patterns/{id}', ['pattern removed'], { path: ({ pattern }) => `/patterns/${pattern}` }),

  does('POST /tags', ['tag described'], { body: { key: 'env', description: 'where' } }),
  does('PATCH /tags/{id}', ['tag described'], { path: at('/tags/env'), body: { description: 'which' } }),
  does('POST /tags/assign', ['devices tagged'], { body: { tags: { env: 'lab' }, devices: ['sw1'] } }),
  does('POST /tags/unassign', ['devices tagged'], { body: { tags: ['env'], devices: ['sw1'] } }),
  does('DELETE /tags/{id}', ['tag removed'], { path: at('/tags/env') }),
  does('POST /tag-rules', ['tag rule added'], {
    body: { name: 'rule', match: { name: 'sw*' }, tags: { kind: 'switch' } },
    keep: { id: 'rule' },
  }),
  does('PATCH /tag-rules/{id}', ['tag rule changed'], {
    path: ({ rule }) => `/tag-rules/${rule}`,
    body: { priority: 7 },
  }),
  does('POST /tag-rules/{id}/apply', ['tag rule applied'], { path: ({ rule }) => `/tag-rules/${rule}/apply` }),
  does('DELETE /tag-rules/{id}', ['tag rule removed'], { path: ({ rule }) => `/tag-rules/${rule}` }),

  does('POST /roles', ['role added'], { body: { name: 'looker', scopes: ['read:devices'] } }),
  does('PATCH /roles/{id}', ['role changed'], { path: at('/roles/looker'), body: { about: 'looks' } }),
  does('POST /groups', ['group added'], { body: { name: 'night', roles: ['looker'] } }),
  does('PATCH /groups/{id}', ['group changed'], { path: at('/groups/night'), body: { about: 'at night' } }),
  does('POST /users', ['user added'], {
    body: { username: 'bert', password: 'canary-of-bert-1', mustChangePassword: false, roles: ['looker'] },
  }),
  does('PATCH /users/{id}', ['user changed'], { path: at('/users/bert'), body: { displayName: 'Bert' } }),
  does('PUT /users/{id}/scopes', ['user changed'], { path: at('/users/bert/scopes'), body: { scopes: ['read:jobs'] } }),
  does('PUT /groups/{id}/members', ['group changed'], {
    path: at('/groups/night/members'),
    body: { members: ['bert'] },
  }),
  does('POST /auth/token', ['login'], {
    body: { username: 'bert', password: 'canary-of-bert-1' },
    keep: { access_token: 'bert', refresh_token: 'refresh' },
  }),
  does('POST /auth/change-password', ['password change'], {
    body: { currentPassword: 'canary-of-bert-1', newPassword: 'canary-of-bert-2' },
    as: 'bert',
  }),
  does('POST /access-requests', ['access requested'], {
    body: { device: 'sw1', level: 'read', reason: 'I look' },
    keep: { id: 'request' },
    as: 'bert',
  }),
  does('POST /access-requests/{id}/approve', ['access request approved', 'grant made'], {
    path: ({ request }) => `/access-requests/${request}/approve`,
    body: {},
  }),
  does('POST /access-requests', ['access requested'], {
    body: { device: 'sw2', level: 'read', reason: 'I look' },
    keep: { id: 'request' },
    as: 'bert',
  }),
  does('POST /access-requests/{id}/deny', ['access request denied'], {
    path: ({ request }) => `/access-requests/${request}/deny`,
    body: {},
  }),
  does('PUT /grants', ['grant made'], { body: { device: 'sw2', user: 'bert', level: 'read' }, keep: { id: 'grant' } }),
  does('DELETE /grants/{id}', ['grant removed'], { path: ({ grant }) => `/grants/${grant}` }),
  does('POST /auth/second-factor', ['second factor begun'], { as: 'bert' }),
  does('DELETE /users/{id}/second-factor', ['second factor reset'], { path: at('/users/bert/second-factor') }),
  does('POST /auth/logout', ['logged out'], { as: 'bert' }),
  does('POST /auth/token', ['login'], {
    body: { username: 'bert', password: 'canary-of-bert-2' },
    keep: { access_token: 'bert' },
  }),
  does('POST /auth/logout-all', ['logged out everywhere'], { as: 'bert' }),
  does('POST /users/{id}/unlock', ['user unlocked'], { path: at('/users/bert/unlock') }),
  does('POST /users/{id}/reset-link', ['reset link made'], {
    path: at('/users/bert/reset-link'),
    keep: { token: 'reset' },
  }),
  does('POST /auth/reset-password', ['password reset'], {
    body: ({ reset }: Kept) => ({ token: reset, password: 'canary-of-bert-3' }),
  }),
  does('POST /auth/service-token', ['service token made'], {
    body: { name: 'ci', scopes: ['read:devices'], validDays: 1 },
    keep: { id: 'service', token: 'serviceToken' },
  }),
  does('DELETE /auth/tokens/{id}', ['service token revoked'], { path: ({ service }) => `/auth/tokens/${service}` }),
  does('DELETE /auth/tokens', ['tokens revoked'], { path: at('/auth/tokens?user=bert') }),
  does('DELETE /users/{id}', ['user disabled'], { path: at('/users/bert') }),
  does('POST /users/{id}/reactivate', ['user reactivated'], { path: at('/users/bert/reactivate'), body: {} }),
  does('DELETE /groups/{id}', ['group removed'], { path: at('/groups/night') }),
  does('PATCH /users/{id}', ['user changed'], { path: at('/users/bert'), body: { roles: [] } }),
  does('DELETE /roles/{id}', ['role removed'], { path: at('/roles/looker') }),

  does('PUT /admin/rate-limits/rules', ['rate limits changed'], { body: { rules: [] } }),
  does('DELETE /admin/rate-limits/{key}', ['rate limit reset'], {
    path: at(`/admin/rate-limits/${encodeURIComponent('anonymous:192.0.2.1')}`),
  }),
  does('POST /admin/keys/backup', ['keys backed up'], {
    body: { passphrase: 'canary-of-the-keys' },
    keep: { file: 'file' },
  }),
  does('POST /admin/keys/restore', ['keys checked'], {
    body: ({ file }: Kept) => ({ file, passphrase: 'canary-of-the-keys' }),
  }),
  does('POST /admin/keys', ['key announced'], { body: { kind: 'token' } }),
  does('POST /admin/keys/rotate', ['key announced'], { body: { kind: 'token' } }),

  does('POST /agents/enrollment-tokens', ['enrollment token made'], {
    body: { site: 'lab' },
    keep: { id: 'enrollment', token: 'enrollmentToken' },
  }),
  does('DELETE /agents/enrollment-tokens/{id}', ['enrollment token removed'], {
    path: ({ enrollment }) => `/agents/enrollment-tokens/${enrollment}`,
  }),
  does('POST /agents/{id}/revoke', ['agent revoked'], { path: ({ agent }) => `/agents/${agent}/revoke` }),
]

/** Operations that are not among the steps, and why not. */
export const apart: Readonly<Record<string, string>> = {
  'POST /agents/enroll': 'an agent does it, with keys of its own: see api-enrollment.test.ts; `agent enrolled`',
  'POST /agents/{id}/diagnostics/dns': 'an agent must answer: see diagnostics.test.ts; `agent diagnostic`',
  'POST /agents/{id}/diagnostics/tcp': 'the same',
  'POST /agents/{id}/diagnostics/ping': 'the same',
  'POST /admin/keys/activate': 'every hub must know the key first: see keys.test.ts; `key activated`',
  'POST /artifacts/{id}/verify': 'changes nothing',
  'POST /backups/{id}/verify': 'changes nothing',
  'POST /tag-rules/test': 'changes nothing',
  'POST /auth/refresh': 'the session goes on; only a token that comes back is an event',
  'POST /auth/forgot-password': 'its entry is written after the answer, which tells nobody whether there is one: below',
  'POST /auth/second-factor/confirm': 'needs a code of an authenticator: see second-factor.test.ts',
  'DELETE /auth/second-factor': 'the same',
  'POST /auth/oidc/token': 'needs a provider of single sign-on: its tests are with one; `login`',
  'POST /users/{id}/link-sso': 'the same; `sign-on linked`',
}
