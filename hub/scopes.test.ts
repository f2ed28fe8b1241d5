import { describe, expect, it } from 'vitest'
import { allScopes, isGrantable, ScopeSet } from './scopes.ts'

describe('scopes', () => {
  it('[PERM-4] read:* satisfies every read: scope and nothing else', () => {
    const held = ScopeSet.of(['read:*']).held
    expect(held).toEqual(allScopes.filter((scope) => scope.startsWith('read:')))
    expect(held).toContain('read:backup_secrets')
  })

  it('[PERM-4] all required scopes must be held, and those that lack are named', () => {
    const held = ScopeSet.of(['read:devices', 'write:devices'])
    expect(held.missing(['read:devices', 'delete:devices', 'write:devices'])).toEqual(['delete:devices'])
    expect(held.missing([])).toEqual([])
  })

  it('[PERM-4] admin:* stands for everything; admin:users does not', () => {
    expect(ScopeSet.of(['admin:*']).held).toEqual(allScopes)
    expect(ScopeSet.of(['admin:users']).held).toEqual(['admin:users'])
  })

  it('[PERM-3] a login may hold fewer scopes than its user, never more', () => {
    const session = ScopeSet.of(['read:*', 'write:devices']).narrowedTo(['read:devices', 'admin:*'])
    expect(session.held).toEqual(ScopeSet.of(['read:*', 'write:devices']).held)
    expect(ScopeSet.of(['read:*']).narrowedTo(['read:devices', 'admin:users']).held).toEqual(['read:devices'])
  })

  it('[PERM-3] nobody passes on what they lack, and a wildcard only with a wildcard', () => {
    const everyRead = ScopeSet.of(allScopes.filter((scope) => scope.startsWith('read:')))
    expect(everyRead.lacking(['read:devices', 'read:*', 'admin:*'])).toEqual(['read:*', 'admin:*'])
    expect(ScopeSet.of(['admin:*']).lacking(['admin:*', 'read:*', 'delete:devices'])).toEqual([])
    expect(ScopeSet.of(['admin:*']).narrowedTo(['read:*']).lacking(['read:users', 'admin:users'])).toEqual([
      'admin:users',
    ])
  })

  it.each(['read:devices', 'read:*', 'admin:*', 'exec:*'])('%s may be granted', (text) =>
    expect(isGrantable(text)).toBe(true),
  )

  it.each(['*', 'read:', 'read', 'devices:read', 'read:nothing', '__proto__', 'own:*', 'READ:devices'])(
    '%s may not be granted',
    (text) => expect(isGrantable(text)).toBe(false),
  )
})
