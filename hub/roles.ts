/** Roles: named sets of scopes. These come with the hub and can't be changed; own ones stand in the table `roles`. */

export interface Role {
  readonly name: string
  readonly about: string
  /** Scopes and wildcards. */
  readonly scopes: readonly string[]
}

export const builtInRoles: readonly Role[] = [
  { name: 'admin', about: 'Everything', scopes: ['admin:*'] },
  {
    name: 'operator',
    about:
      'Runs the network: devices, credentials, backups and tests, on every device; no users, no keys, no raw secrets',
    scopes: [
      'all:devices',
      'read:health',
      'read:users',
      'read:agents',
      'write:agents',
      'exec:diagnostics',
      'read:devices',
      'write:devices',
      'delete:devices',
      'admin:devices',
      'exec:reachability',
      'read:tags',
      'write:tags',
      'delete:tags',
      'read:tag_rules',
      'write:tag_rules',
      'exec:tag_rules',
      'read:credentials',
      'write:credentials',
      'delete:credentials',
      'exec:credentials',
      'admin:credentials',
      'read:jobs',
      'exec:jobs',
      'read:backups',
      'exec:backups',
      'admin:backups',
      'read:storage',
      'read:logs',
    ],
  },
  {
    name: 'viewer',
    about: 'Sees every device and its history, secrets masked; changes nothing',
    scopes: [
      'all:devices',
      'read:health',
      'read:agents',
      'read:devices',
      'read:tags',
      'read:tag_rules',
      'read:credentials',
      'read:jobs',
      'read:backups',
      'read:storage',
    ],
  },
  {
    name: 'member',
    about: 'Works with the devices that they own or were granted, and sees no others',
    scopes: [
      'read:agents',
      'read:devices',
      'write:devices',
      'delete:devices',
      'exec:reachability',
      'read:tags',
      'read:jobs',
      'exec:jobs',
      'read:backups',
      'exec:backups',
    ],
  },
  {
    name: 'auditor',
    about: 'Reads the audit log, users and settings; changes nothing and sees no configuration',
    scopes: [
      'all:devices',
      'read:health',
      'read:users',
      'read:agents',
      'read:devices',
      'read:jobs',
      'read:logs',
      'admin:audit',
    ],
  },
]
