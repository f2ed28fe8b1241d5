import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newSigningKey } from '@netraven/protocol/keys.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Identity, newKeys, readIdentity, TrustedKeys, writeIdentity } from './identity.ts'
import { localSecret } from './local-credentials.ts'
import { lockFolder } from './lock.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'netraven-identity-'))
})
afterEach(() => rm(dir, { recursive: true }))

function identity(): Identity {
  const { session: _, ...keys } = newKeys()
  const uuid = '01900000-0000-7000-8000-000000000001'
  const hubKeys = [newSigningKey().publicKey]
  return { ...keys, agent: uuid, hub: uuid, hubUrl: 'https://hub.example', site: 'lab', name: 'jump1', hubKeys }
}

describe('the identity file', () => {
  it('is read back as written, and only its owner may read it', async () => {
    const mine = identity()
    await writeIdentity(dir, mine)
    expect(await readIdentity(dir)).toEqual(mine)
    expect((await stat(join(dir, 'identity.json'))).mode & 0o777).toBe(0o600)
  })

  it('is absent in a fresh folder, and in a folder that is not there', async () => {
    expect(await readIdentity(dir)).toBeUndefined()
    expect(await readIdentity(join(dir, 'nowhere'))).toBeUndefined()
  })

  it.each(['', '{', '{"agent":"x"}', 'null'])('says that it is damaged when it holds %j', async (text) => {
    await writeFile(join(dir, 'identity.json'), text)
    await expect(readIdentity(dir)).rejects.toMatchObject({ code: 'IDENTITY_DAMAGED' })
  })
})

describe('trusted hub keys', () => {
  it('hold two live keys at a rotation, and drop the old one when the hub does', () => {
    const [old, next, stranger] = [newSigningKey(), newSigningKey(), newSigningKey()]
    const trusted = new TrustedKeys([old.publicKey])
    expect(trusted.learn([old.publicKey])).toBe(false)
    expect(trusted.learn([old.publicKey, next.publicKey])).toBe(true)
    expect(trusted.find(old.id)?.publicKey).toBe(old.publicKey)
    expect(trusted.find(next.id)?.publicKey).toBe(next.publicKey)
    expect(trusted.learn([next.publicKey])).toBe(true)
    expect(trusted.find(old.id)).toBeUndefined()
    expect(trusted.find(stranger.id)).toBeUndefined()
  })
})

describe('the folder lock', () => {
  it('refuses a second agent on one folder, and frees it at the end', async () => {
    const unlock = await lockFolder(dir)
    await expect(lockFolder(dir)).rejects.toMatchObject({
      code: 'AGENT_ALREADY_RUNNING',
      details: { pid: process.pid },
    })
    await unlock()
    await (await lockFolder(dir))()
  })

  it('takes over the lock of a process that is gone, or whose number another process has now', async () => {
    await writeFile(join(dir, 'agent.lock'), '999999999 1\n')
    await (await lockFolder(dir))()
    await writeFile(join(dir, 'agent.lock'), `${process.pid} 1\n`)
    await (await lockFolder(dir))()
    await writeFile(join(dir, 'agent.lock'), '')
    await (await lockFolder(dir))()
  })
})

describe('credentials that only the jump host has', () => {
  const task = '01900000-0000-7000-8000-000000000002'
  const write = async (content: string, mode = 0o600) => {
    await writeFile(join(dir, 'credentials.json'), content)
    await chmod(join(dir, 'credentials.json'), mode)
  }

  it('are found by name, and a change counts at once', async () => {
    await write('{"core":{"username":"backup","password":"one"}}')
    expect(await localSecret(dir, 'core', task)).toEqual({ task, username: 'backup', password: 'one' })
    await write('{"core":{"username":"backup","password":"two"}}')
    expect(await localSecret(dir, 'core', task)).toMatchObject({ password: 'two' })
  })

  it.each([
    ['no file', undefined, 0o600],
    ['a file that others may read', '{"core":{"username":"backup"}}', 0o644],
    ['broken JSON', '{', 0o600],
    ['another shape', '[1]', 0o600],
    ['no such name', '{"edge":{"username":"backup"}}', 0o600],
    ['a name of the language itself', '{"constructor":{"username":"backup"}}', 0o600],
  ] as const)('[DAUTH-1] are refused with a reason, not a secret, for %s', async (_, content, mode) => {
    if (content !== undefined) await write(content, mode)
    await expect(localSecret(dir, 'core', task)).rejects.toMatchObject({ code: 'LOCAL_CREDENTIAL_UNKNOWN' })
    if (content !== undefined) expect(await readFile(join(dir, 'credentials.json'), 'utf8')).toBe(content)
  })
})
