/** The audit log on real databases: who wrote what, many writers at once, and everything that somebody with the database in hand may try. */
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Actor, hubActor } from '../hub/actor.ts'
import type { AuditEntry, AuditVerification } from '../hub/api/audit.ts'
import { auditHead } from '../hub/audit.ts'
import { canonical, hashOfEntry } from '../hub/audit-chain.ts'
import { auditKeeper, writeCheckpoint } from '../hub/audit-checkpoints.ts'
import { recordEvent } from '../hub/events.ts'
import { newId } from '../hub/ids.ts'
import { openLog } from '../hub/log.ts'
import { openTestApi, type TestApi } from './api.ts'
import { servers } from './postgres.ts'

const anna: Actor = {
  kind: 'user',
  id: newId(),
  name: 'anna',
  address: '192.0.2.7',
  via: 'test',
  requestId: 'request-1',
}

describe.each(servers)('the audit log on %s', (kind) => {
  let api: TestApi
  const log: string[] = []
  beforeAll(async () => {
    api = await openTestApi(kind)
  })
  afterAll(() => api.close())

  const parts = () => ({
    ...api,
    db: api.database.db,
    log: openLog({ level: 'info', write: (line) => log.push(line) }),
  })
  const verify = async () =>
    (await api.call('GET', '/api/audit-logs/verification')).body as unknown as AuditVerification
  const write = (details: Record<string, unknown> = {}, actor = anna) =>
    recordEvent(api.database.db, {
      kind: 'device removed',
      actor,
      details: { device: newId(), name: 'sw1', ...details },
    })
  const sign = async () => writeCheckpoint(parts(), await auditHead(api.database.db))
  /** As somebody may who owns the tables. */
  const tamper = async (...statements: string[]) =>
    api.database.db.transaction().execute(async (trx) => {
      for (const table of ['audit_entries', 'audit_checkpoints'])
        await sql.raw(`alter table ${table} disable trigger ${table}_append_only`).execute(trx)
      for (const statement of statements) await sql.raw(statement).execute(trx)
      for (const table of ['audit_entries', 'audit_checkpoints'])
        await sql.raw(`alter table ${table} enable trigger ${table}_append_only`).execute(trx)
    })

  describe('as it is meant', () => {
    it('an entry says who, from where, through what, about what, and what changed', async () => {
      const id = newId()
      await recordEvent(api.database.db, {
        ...{ kind: 'device changed', actor: anna, details: {}, target: { kind: 'device', id, name: 'sw1' } },
        before: { port: 22, name: 'sw1', password: 'canary-old' },
        after: { port: 2222, name: 'sw1', password: 'canary-new' },
      })
      const { body, text } = await api.call('GET', `/api/audit-logs?target=${id}`)
      const { seq, hash, prevHash, at, id: entryId, ...entry } = (body.items as AuditEntry[])[0] ?? ({} as AuditEntry)
      expect(entry).toEqual({
        action: 'device changed',
        actor: { kind: 'user', id: anna.id, name: 'anna', address: '192.0.2.7', via: 'test', requestId: 'request-1' },
        target: { kind: 'device', id, name: 'sw1' },
        before: { port: 22, password: '<secret>' },
        after: { port: 2222, password: '<another secret>' },
        details: {},
      })
      expect(text).not.toContain('canary')
      expect((await api.call('GET', `/api/audit-logs/${seq}`)).body).toMatchObject({ id: entryId, hash, prevHash, at })
      expect((await api.call('GET', `/api/audit-logs/${entryId}`)).body).toMatchObject({ seq })
      expect((await api.call('GET', '/api/audit-logs/nothing')).error?.code).toBe('NOT_FOUND')
    })

    it('PostgreSQL and JavaScript encode the same', async () => {
      const details = {
        'z€𝄞': 1,
        '\uE000': 'private use',
        '𝄞': 'beyond',
        text: 'quotes " \\ / \b\f\n\r\t \u0001 \u007f \u2028 é 𝄞',
        numbers: [0, -1, 1.5, 0.1, 1e21, 1e-7, 9007199254740991],
        nested: { b: [{}, [], null, true], a: { b: false } },
      }
      await write(details)
      const { items } = (await api.call('GET', '/api/audit-logs?limit=1')).body as unknown as { items: AuditEntry[] }
      const { hash, ...entry } = items[0] ?? ({} as AuditEntry)
      expect(hashOfEntry(entry)).toBe(hash)
      expect(Object.keys(JSON.parse(canonical({ '𝄞': 1, '\uE000': 2 })))).toEqual(['\uE000', '𝄞'])
    })

    it('two hubs with many writers make one chain without a gap, and no deadlock', async () => {
      const hubs = [api.test.open({ poolMax: 10 }), api.test.open({ poolMax: 10 })]
      const { seq: before } = await auditHead(api.database.db)
      const work = hubs.flatMap(({ db }, hub) =>
        Array.from({ length: 10 }, async (_, writer) => {
          for (let round = 0; round < 10; round += 1) {
            await db.transaction().execute(async (trx) => {
              const details = { device: newId(), name: `${hub}-${writer}-${round}` }
              for (let each = 0; each < 2; each += 1)
                await recordEvent(trx, { kind: 'device removed', actor: hubActor, details })
              await sql`select 1`.execute(trx)
            })
            await db
              .transaction()
              .execute(async (trx) => {
                await recordEvent(trx, { kind: 'device removed', actor: hubActor, details: {} })
                throw new Error('taken back')
              })
              .catch(() => undefined)
          }
        }),
      )
      await Promise.all(work)
      expect((await auditHead(api.database.db)).seq - before).toBe(400)
      expect(await verify()).toMatchObject({ verified: true, problems: [], done: true })
      expect(await api.database.db.selectFrom('audit_intake').selectAll().execute()).toEqual([])
    })

    it('what a hub of the release before inserts joins the chain', async () => {
      const id = newId()
      await api.database.db
        .insertInto('events')
        .values({ id, kind: 'agent revoked', actor: 'agent lab', details: JSON.stringify({ n: 1.5, until: null }) })
        .execute()
      const { body } = await api.call('GET', `/api/audit-logs/${id}`)
      expect(body).toMatchObject({
        action: 'agent revoked',
        actor: { kind: 'unknown', name: 'agent lab' },
        details: { n: 1.5 },
      })
      expect(await verify()).toMatchObject({ verified: true })
    })

    it('nobody changes, deletes or empties it by accident', async () => {
      for (const statement of [
        "update audit_entries set action = 'x'",
        'delete from audit_entries where false',
        'truncate audit_entries',
        'delete from audit_checkpoints',
      ]) {
        await expect(sql.raw(statement).execute(api.database.db)).rejects.toMatchObject({ code: '42501' })
      }
    })

    it('is listed by actor, action, target, time and request, page by page, from either end', async () => {
      const bert: Actor = { ...anna, id: newId(), name: 'Bert', requestId: 'request-bert' }
      for (let each = 0; each < 5; each += 1) await write({ name: `b${each}` }, bert)
      const list = async (query: string) => {
        const { body } = await api.call('GET', `/api/audit-logs?${query}`)
        return { names: (body.items as AuditEntry[]).map((one) => one.details.name), next: body.nextCursor }
      }
      for (const query of [
        'actor=bert',
        `actor=${bert.id}`,
        'requestId=request-bert',
        'action=device%20removed&actor=bert',
      ]) {
        expect((await list(query)).names).toEqual(['b4', 'b3', 'b2', 'b1', 'b0'])
      }
      const first = await list('actor=bert&order=oldest&limit=2')
      expect(first.names).toEqual(['b0', 'b1'])
      expect((await list(`actor=bert&order=oldest&limit=2&cursor=${first.next}`)).names).toEqual(['b2', 'b3'])
      expect((await list('target=B3')).names).toEqual(['b3'])
      expect((await list('actor=bert&since=2999-01-01T00:00:00Z')).names).toEqual([])
      expect((await list('actor=bert&until=2999-01-01T00:00:00Z')).names).toHaveLength(5)
      expect((await api.call('GET', '/api/audit-logs?cursor=zzz')).error?.code).toBe('REQUEST_INVALID')
    })

    it('the head is signed when it is due, once, and the log of the hub has a copy', async () => {
      await auditKeeper(parts())()
      const { seq, hash } = await auditHead(api.database.db)
      const line = log.map((one) => JSON.parse(one)).findLast((one) => one.msg === 'audit checkpoint')
      expect(line.checkpoint).toMatchObject({ seq, hash, keyId: api.installation.signingKey.id })
      await auditKeeper(parts())()
      const points = await api.database.db.selectFrom('audit_checkpoints').select('seq').execute()
      expect(points).toEqual([{ seq }])
      expect(await verify()).toMatchObject({ verified: true, checkpoints: 1 })
    })
  })

  describe('in the hands of somebody who owns the database', () => {
    let own: TestApi
    const before = () => own
    beforeEach(async () => {
      own = api
      api = await openTestApi(kind)
      for (let each = 1; each <= 8; each += 1) await write({ name: `n${each}` })
      await sign()
      return async () => {
        await api.close()
        api = before()
      }
    })
    const found = async () => {
      const { verified, problems } = await verify()
      return { verified, problems: problems.map(({ kind: what, seq }) => `${what} ${seq}`) }
    }
    const seqOf = async (name: string) =>
      (
        await api.database.db
          .selectFrom('audit_entries')
          .select('seq')
          .where('target_name', '=', name)
          .executeTakeFirstOrThrow()
      ).seq
    const rehash = (from: number) => `do $$
      declare one audit_entries; prev bytea := (select prev_hash from audit_entries where seq = ${from});
      begin
        for one in select * from audit_entries where seq >= ${from} order by seq loop
          one.prev_hash := prev;
          prev := sha256(convert_to(audit_content(one), 'UTF8'));
          update audit_entries set prev_hash = one.prev_hash, hash = prev where seq = one.seq;
        end loop;
        update audit_heads set hash = prev;
      end $$`

    it('an edited entry is named, and spoils none after it', async () => {
      const seq = await seqOf('n3')
      await tamper(`update audit_entries set actor_name = 'somebody else' where seq = ${seq}`)
      expect(await found()).toEqual({ verified: false, problems: [`changed ${seq}`] })
      const { problems } = await verify()
      expect(problems[0]?.message).toContain(`Entry ${seq} (device removed)`)
    })

    it('an edit of any field is seen', async () => {
      const seq = await seqOf('n3')
      for (const change of [
        `at = at + interval '1 microsecond'`,
        `details = details || '{"a":1}'`,
        `before = '{}'`,
        `address = null`,
        `request_id = 'x'`,
        `target_name = 'x'`,
        `id = gen_random_uuid()`,
        `via = 'x'`,
      ]) {
        const column = change.split(' ')[0] ?? ''
        await tamper(
          `create table kept as select * from audit_entries where seq = ${seq}`,
          `update audit_entries set ${change} where seq = ${seq}`,
        )
        expect([column, (await found()).problems]).toEqual([column, [`changed ${seq}`]])
        await tamper(
          `update audit_entries set ${column} = kept.${column} from kept where audit_entries.seq = ${seq}`,
          'drop table kept',
        )
      }
      expect((await found()).verified).toBe(true)
    })

    it('an edited entry with a new hash is found by the one behind it', async () => {
      const seq = await seqOf('n3')
      await tamper(
        `update audit_entries set actor_name = 'x' where seq = ${seq}`,
        `update audit_entries set hash = sha256(convert_to(audit_content(audit_entries), 'UTF8')) where seq = ${seq}`,
      )
      expect((await found()).problems).toEqual([`rehashed ${seq}`])
    })

    it('a deleted entry is missing, also several', async () => {
      const seq = await seqOf('n3')
      await tamper(`delete from audit_entries where seq in (${seq}, ${seq + 1})`)
      expect((await verify()).problems).toEqual([
        { kind: 'missing', seq, message: `Entries ${seq} to ${seq + 1} are missing.` },
      ])
    })

    it('two entries that changed places are both named', async () => {
      const seq = await seqOf('n3')
      await tamper(
        `update audit_entries set seq = -1 where seq = ${seq}`,
        `update audit_entries set seq = ${seq} where seq = ${seq + 2}`,
        `update audit_entries set seq = ${seq + 2} where seq = -1`,
      )
      expect((await found()).problems.filter((one) => one.startsWith('replaced'))).toEqual([
        `replaced ${seq}`,
        `replaced ${seq + 2}`,
      ])
    })

    it('a cut tail is missed by the head, and when the head was set back, by what the hub signed', async () => {
      const seq = await seqOf('n7')
      const head = await auditHead(api.database.db)
      await tamper(`delete from audit_entries where seq >= ${seq}`)
      expect((await found()).problems).toContain(`cut ${seq}`)
      await tamper(
        `update audit_heads set seq = ${seq - 1}, hash = (select hash from audit_entries where seq = ${seq - 1})`,
      )
      expect((await found()).problems).toEqual([`cut ${seq}`])
      expect((await verify()).problems[0]?.message).toContain(`the hub signed entry ${head.seq}`)
    })

    it('a chain that was written anew without the key is not what the hub signed', async () => {
      const seq = await seqOf('n3')
      const head = await auditHead(api.database.db)
      await tamper(`update audit_entries set actor_name = 'x' where seq = ${seq}`, rehash(seq))
      expect((await found()).problems).toEqual([`not what was signed ${head.seq}`])
      await tamper(`update audit_checkpoints set hash = (select hash from audit_heads)`)
      expect((await found()).problems).toEqual([`signature ${head.seq}`])
      await tamper(`update audit_checkpoints set key_id = '0011223344556677'`)
      expect((await verify()).problems[0]?.message).toContain("none of this hub's")
    })

    it('a hub that saw the head signs no other one, and says so in its log', async () => {
      const keep = auditKeeper(parts())
      await keep()
      await tamper(
        `update audit_entries set actor_name = 'x' where seq = 3`,
        rehash(3),
        'delete from audit_checkpoints',
      )
      log.length = 0
      await keep()
      await keep()
      expect(log.filter((line) => line.includes('the audit log was tampered with'))).toHaveLength(2)
      expect(await api.database.db.selectFrom('audit_checkpoints').selectAll().execute()).toEqual([])
    })

    it('entries that were put behind the head by hand are told', async () => {
      const { seq } = await auditHead(api.database.db)
      await tamper(
        `create table forged as select * from audit_entries where seq = ${seq}`,
        `update forged set seq = seq + 1, id = gen_random_uuid(), prev_hash = hash`,
        'insert into audit_entries select * from forged',
      )
      expect((await found()).problems).toContain(`out of order ${seq + 1}`)
    })
  })
})
