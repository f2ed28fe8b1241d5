import {
  Key,
  KeyActivation,
  KeyBackup,
  KeyBackupRequest,
  KeyChange,
  KeyChoice,
  KeyRestoreAnswer,
  KeyRestoreCheck,
  NewKey,
} from '../api/key.ts'
import { pageOf } from '../api/page.ts'
import { lockKeys } from '../data-keys.ts'
import { recordEvent } from '../events.ts'
import { backUpKeys, fitOf, keysIn, openKeyBackup } from '../key-backup.ts'
import { activateKey } from '../key-clock.ts'
import { announceKey, listKeys } from '../keys.ts'
import { body, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Keys']

export function keyRoutes({ db, keyring, needs }: RouteParts) {
  const gate = needs('admin:keys')
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...gate,
        method: 'get',
        path: '/admin/keys',
        summary: 'Every key: its state, who does not know it yet, what is left to seal again',
        tags,
        responses: { 200: json(pageOf(Key), 'All of them, by kind, the newest first; there is one page'), ...refusal },
      }),
      async (c) => c.json({ items: await listKeys({ db, keyring }), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...gate,
        method: 'post',
        path: '/admin/keys',
        summary: 'Announce the next key of a kind; it begins only when it is activated',
        tags,
        request: { body: body(NewKey) },
        responses: { 201: json(KeyChange, 'The announced key'), ...refusal },
      }),
      async (c) => c.json(await announceKey({ db, keyring }, c.var.actor, c.req.valid('json').kind, false), 201),
    )
    .openapi(
      createRoute({
        ...gate,
        method: 'post',
        path: '/admin/keys/rotate',
        summary: 'Rotate a key: the next one is announced, and begins by itself as soon as everybody knows it',
        tags,
        request: { body: body(KeyChoice) },
        responses: { 200: json(KeyChange, 'The key that is on its way'), ...refusal },
      }),
      async (c) => c.json(await announceKey({ db, keyring }, c.var.actor, c.req.valid('json').kind, true), 200),
    )
    .openapi(
      createRoute({
        ...gate,
        method: 'post',
        path: '/admin/keys/activate',
        summary: 'Let the announced key begin now',
        tags,
        request: { body: body(KeyActivation) },
        responses: { 200: json(KeyChange, 'The key that counts now'), ...refusal },
      }),
      async (c) => {
        const { kind, ...choice } = c.req.valid('json')
        const id = await db.transaction().execute(async (trx) => {
          await lockKeys(trx)
          return activateKey(trx, c.var.actor, kind, choice)
        })
        return c.json({ kind, id, state: 'current' as const }, 200)
      },
    )
    .openapi(
      createRoute({
        ...gate,
        method: 'post',
        path: '/admin/keys/backup',
        summary: 'All keys as an encrypted file',
        tags,
        request: { body: body(KeyBackupRequest) },
        responses: { 200: json(KeyBackup, 'The file, encrypted under the passphrase'), ...refusal },
      }),
      async (c) => {
        const made = await backUpKeys(db, keyring, c.req.valid('json').passphrase)
        await recordEvent(db, { kind: 'keys backed up', actor: c.var.actor, details: { keys: made.keys } })
        return c.json(made, 200)
      },
    )
    .openapi(
      createRoute({
        ...gate,
        method: 'post',
        path: '/admin/keys/restore',
        summary:
          'Check that a backup of the keys opens this database; restoring is done on the host: netraven keys restore',
        tags,
        request: { body: body(KeyRestoreCheck) },
        responses: { 200: json(KeyRestoreAnswer, 'It does'), ...refusal },
      }),
      async (c) => {
        const { file, passphrase } = c.req.valid('json')
        const backup = await openKeyBackup(file, passphrase)
        await fitOf(db, backup)
        const { installation, createdAt } = backup
        await recordEvent(db, { kind: 'keys checked', actor: c.var.actor, details: { createdAt } })
        return c.json({ installation, createdAt, keys: keysIn(backup), fits: true }, 200)
      },
    )
}
