/**
 * What somebody may do. A scope is `verb:noun`; each route says which ones it needs, and all of them must be held. `read:*` stands
 * for every `read:` scope and for nothing else; `admin:*` stands for all. Which devices somebody may do it to is another matter, see
 * `reach.ts`; `all:devices` lifts that.
 */

export const scopes = {
  'all:devices': 'Reach every device, not only those owned or granted',
  'read:health': 'See the state of each part of the hub',
  'read:users': 'See users, groups and roles',
  'admin:users': 'Add, change, unlock and disable users, groups and roles',
  'admin:tokens': 'Make service tokens; see and end the sessions and tokens of others',
  'admin:grants': 'Grant access to any device, site or tag, and answer requests for it',
  'read:agents': 'See sites, agents and enrolment tokens',
  'write:agents': 'Add and change sites',
  'admin:agents': 'Let agents join, and revoke them',
  'exec:diagnostics': 'Look up names and try ports from where an agent stands',
  'read:devices': 'See devices and the drivers for them',
  'write:devices': 'Add and change devices',
  'delete:devices': 'Remove devices',
  'admin:devices': 'Pin host keys, and give devices another owner',
  'exec:reachability': 'Test whether a device can be read',
  'read:tags': 'See tags',
  'write:tags': 'Set and change tags',
  'delete:tags': 'Take tags away everywhere',
  'read:tag_rules': 'See the rules that tag devices',
  'write:tag_rules': 'Write rules that tag devices',
  'exec:tag_rules': 'Apply the rules that tag devices',
  'read:credentials': 'See which credentials there are; never their secrets',
  'write:credentials': 'Add and change credentials',
  'delete:credentials': 'Remove credentials',
  'exec:credentials': 'Try a credential on a device',
  'admin:credentials': 'Revoke credentials, and end the pause after refused logins',
  'admin:drivers': 'Add, change and remove own drivers and line patterns',
  'read:jobs': 'See runs and what became of each device',
  'exec:jobs': 'Cancel and repeat runs',
  'read:backups': 'See backups, with the secrets in them masked',
  'read:backup_secrets': 'See backups as the device printed them, secrets and all',
  'exec:backups': 'Back up devices now, and verify what is stored',
  'admin:backups': 'Take a suspect backup for good',
  'read:storage': 'See how the storage of texts is',
  'read:logs': 'Read the log of the hub',
  'admin:audit': 'Read, export and verify the audit log',
  'admin:rate_limits': 'See and change limits and counters',
  'admin:settings': 'See and change settings of the hub',
  'admin:keys': 'List, rotate, back up and restore keys',
} as const

export type Scope = keyof typeof scopes

/** Every scope, in the order of the table. */
export const allScopes = Object.keys(scopes) as readonly Scope[]

const verbs = [...new Set(allScopes.map((scope) => scope.slice(0, scope.indexOf(':') + 1)))]

/** What may stand in a grant: a scope, `verb:*`, or `admin:*` for everything. */
export function isGrantable(text: string): boolean {
  return Object.hasOwn(scopes, text) || verbs.some((verb) => text === `${verb}*`)
}

/**
 * Scopes that somebody holds. Layers narrow each other: what a session may is what its user may and what the login asked for.
 */
export class ScopeSet {
  readonly #layers: readonly ReadonlySet<string>[]

  private constructor(layers: readonly ReadonlySet<string>[]) {
    this.#layers = layers
  }

  static of(granted: Iterable<string>): ScopeSet {
    return new ScopeSet([new Set(granted)])
  }

  /** What is in both. */
  narrowedTo(granted: Iterable<string>): ScopeSet {
    return new ScopeSet([...this.#layers, new Set(granted)])
  }

  has(scope: Scope): boolean {
    return this.#layers.every((layer) => satisfies(layer, scope))
  }

  /** Those of `required` that are not held. */
  missing(required: readonly Scope[]): Scope[] {
    return required.filter((scope) => !this.has(scope))
  }

  /** Every single scope that is held, wildcards spelt out. */
  get held(): Scope[] {
    return allScopes.filter((scope) => this.has(scope))
  }

  /**
   * Those of `granted`, wildcards among them, that the holder may not pass on: nobody grants what they lack. A wildcard is held
   * only by a wildcard, since it also stands for what does not exist yet.
   */
  lacking(granted: Iterable<string>): string[] {
    return [...granted].filter((text) => !this.#layers.every((layer) => satisfies(layer, text)))
  }
}

function satisfies(layer: ReadonlySet<string>, text: string): boolean {
  return layer.has('admin:*') || layer.has(text) || layer.has(`${text.slice(0, text.indexOf(':') + 1)}*`)
}
