import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { refusalOf } from './password-rules.ts'

describe('passwords', () => {
  it.each([
    'short',
    'Password1234',
    'P@ssw0rd1234!',
    'passwordpassword',
    'changeme12345',
    'CHANGE-ME-PLEASE',
    'admin-admin-admin',
    '123456789012',
    '987654321098',
    'qwertyuiop12',
    'aaaaaaaaaaaa',
    'abababababab',
    'netraven2026!',
    'cisco-cisco-123',
    'Administrator1',
    'someone.else@example.net',
  ])('%s is refused', (password) => expect(refusalOf(password, 'Someone.Else@example.net')).toBeTypeOf('string'))

  it.each([
    'four unrelated grey words',
    'canary-admin-password',
    'Zq8-vT2!mK5x',
    'пароль из четырёх слов',
    '             x  y z w q',
  ])('%j will do', (password) => expect(refusalOf(password, 'ann')).toBeUndefined())

  it('a hostile password is judged in linear time', () => {
    expect(refusalOf(`${'thethis'.repeat(146)}!x`, 'ann')).toBeTypeOf('string')
    expect(refusalOf(`${'ab'.repeat(511)}zq`, 'ann')).toBeTypeOf('string')
  })

  it.each([
    [{ NETRAVEN_ADMIN_PASSWORD: 'changeme-changeme' }, 'NETRAVEN_ADMIN_PASSWORD'],
    [{ NETRAVEN_ADMIN_PASSWORD: 'replace-this-password' }, 'NETRAVEN_ADMIN_PASSWORD'],
    [{ NETRAVEN_MASTER_KEY: '00'.repeat(32) }, 'NETRAVEN_MASTER_KEY'],
    [{ NETRAVEN_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }, 'NETRAVEN_MASTER_KEY'],
    [{ SMTP_URL: 'smtp://mail.example.net' }, 'SMTP_FROM'],
  ])('[AUTH-9] a hub does not start with placeholders: %j', (env, variable) => {
    const problem = expect.objectContaining({ variable })
    expect(() => readConfig(env)).toThrow(expect.objectContaining({ details: { problems: [problem] } }))
  })
})
