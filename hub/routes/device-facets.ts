import { Backup, BackupQuery } from '../api/backup.ts'
import { Device, DeviceHostKey, HostKeyPin, NewOwner } from '../api/device.ts'
import { pageOf } from '../api/page.ts'
import { setOwner } from '../device-owners.ts'
import { shownDevice } from '../devices.ts'
import { hostKeyOf, pinHostKey } from '../host-keys.ts'
import { deviceFor } from '../reach.ts'
import { nameOfTag } from '../tag-words.ts'
import { tagDevices, tagNamed } from '../tags.ts'
import { listVersions } from '../versions.ts'
import { body, byName, byTag, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Devices']
const byNameAndTag = byName.extend({ tagId: byTag.shape.id })

/** What hangs on a device: its owner, tags, host key and backups. */
export function deviceFacetRoutes({ db, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('admin:devices'),
        method: 'put',
        path: '/devices/{id}/owner',
        summary: 'Give a device another owner, or none',
        tags,
        request: { params: byName, body: body(NewOwner) },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        const { owner } = c.req.valid('json')
        const device = await db.transaction().execute(async (trx) => {
          const found = await setOwner(trx, id, owner, principal, actor)
          return shownDevice(trx, found, principal)
        })
        return c.json(device, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('write:devices'),
        method: 'put',
        path: '/devices/{id}/tags/{tagId}',
        summary: 'Set a tag; one without a value is set empty',
        tags,
        request: { params: byNameAndTag },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id, tagId } = c.req.valid('param')
        const { key, value } = await tagNamed(db, tagId)
        return c.json(await changed(id, { set: { [key]: value ?? '' } }, principal, actor), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('write:devices'),
        method: 'delete',
        path: '/devices/{id}/tags/{tagId}',
        summary: 'Take a tag away; one without a value whatever its value',
        tags,
        request: { params: byNameAndTag },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id, tagId } = c.req.valid('param')
        return c.json(await changed(id, { remove: [nameOfTag(await tagNamed(db, tagId))] }, principal, actor), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/devices/{id}/host-key',
        summary: 'The pinned host key, and another one that the device showed instead',
        tags,
        request: { params: byName },
        responses: { 200: json(DeviceHostKey, 'The keys'), ...refusal },
      }),
      async (c) => c.json(await hostKeyOf(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:devices'),
        method: 'post',
        path: '/devices/{id}/host-key',
        summary: 'Pin a host key that was compared with the one on the device: accepts a change',
        tags,
        request: { params: byName, body: body(HostKeyPin) },
        responses: { 200: json(DeviceHostKey, 'The keys'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        const { hostKey } = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => pinHostKey(trx, id, hostKey, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:devices'),
        method: 'delete',
        path: '/devices/{id}/host-key',
        summary: 'Pin whatever key the device shows next',
        tags,
        request: { params: byName },
        responses: { 200: json(DeviceHostKey, 'The keys'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        return c.json(await db.transaction().execute((trx) => pinHostKey(trx, id, null, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices', 'read:backups'),
        method: 'get',
        path: '/devices/{id}/backups',
        summary: 'Versions of a device, newest first',
        tags,
        request: { params: byName, query: BackupQuery.omit({ device: true, site: true }) },
        responses: { 200: json(pageOf(Backup), 'A page'), ...refusal },
      }),
      async (c) => {
        const query = { ...c.req.valid('query'), device: c.req.valid('param').id }
        return c.json(await listVersions(db, query, c.var.principal), 200)
      },
    )

  function changed(
    id: string,
    tagging: Parameters<typeof tagDevices>[2],
    principal: Parameters<typeof tagDevices>[3],
    actor: Parameters<typeof tagDevices>[4],
  ) {
    return db.transaction().execute(async (trx) => {
      const device = await deviceFor(trx, principal, id, 'manage')
      await tagDevices(trx, [device.id], tagging, principal, actor)
      return shownDevice(trx, device.id, principal)
    })
  }
}
