import { Device, DeviceChange, DeviceQuery, NewDevice } from '../api/device.ts'
import { PageQuery, pageOf, sortQuery } from '../api/page.ts'
import { Reachability } from '../api/reachability.ts'
import { changeDevice } from '../device-changes.ts'
import { addDevice, listDevices, removeDevice, resetCoolDown, showDevice } from '../devices.ts'
import { lastTest, startTest } from '../reachability.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Devices']

export function deviceRoutes({ db, drivers, wake, runTimeoutMs, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/devices',
        summary: 'Devices, by name or in another order',
        tags,
        request: {
          query: PageQuery.extend({ ...DeviceQuery.shape, sort: sortQuery('name', 'lastReadAt', 'createdAt') }),
        },
        responses: { 200: json(pageOf(Device), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listDevices(db, c.req.valid('query'), await drivers(), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:devices'),
        method: 'post',
        path: '/devices',
        summary: 'Add a device',
        tags,
        request: { body: body(NewDevice) },
        responses: { 201: json(Device, 'The new device'), ...refusal },
      }),
      async (c) => {
        const given = c.req.valid('json')
        const names = await drivers()
        const { principal, actor } = c.var
        return c.json(await db.transaction().execute((trx) => addDevice(trx, given, names, principal, actor)), 201)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/devices/{id}',
        summary: 'One device',
        tags,
        request: { params: byName },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => c.json(await showDevice(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:devices'),
        method: 'patch',
        path: '/devices/{id}',
        summary: 'Change what is named; null takes away',
        tags,
        request: { params: byName, body: body(DeviceChange) },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const change = c.req.valid('json')
        const actor = c.var.actor
        const names = await drivers()
        const device = await db
          .transaction()
          .execute((trx) => changeDevice(trx, id, change, names, c.var.principal, actor))
        return c.json(device, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('write:devices'),
        method: 'post',
        path: '/devices/{id}/cooldown/reset',
        summary: 'End the pause after a refused login',
        tags,
        request: { params: byName },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const actor = c.var.actor
        return c.json(await db.transaction().execute((trx) => resetCoolDown(trx, id, c.var.principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('delete:devices'),
        method: 'delete',
        path: '/devices/{id}',
        summary: 'Remove a device; its backups stay',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const actor = c.var.actor
        await db.transaction().execute((trx) => removeDevice(trx, id, c.var.principal, actor))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs('exec:reachability'),
        method: 'post',
        path: '/devices/{id}/reachability',
        summary: 'Test whether a device can be read: name, port, host key, login, commands, end; nothing is kept',
        tags,
        request: { params: byName },
        responses: { 202: json(Reachability, 'The test, just begun, or the one that is under way'), ...refusal },
      }),
      async (c) => {
        const requestedBy = c.var.actor
        return c.json(
          await startTest({ db, wake, runTimeoutMs }, c.req.valid('param').id, c.var.principal, requestedBy),
          202,
        )
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/devices/{id}/reachability',
        summary: 'How the newest test of a device stands',
        tags,
        request: { params: byName },
        responses: { 200: json(Reachability, 'The newest test'), ...refusal },
      }),
      async (c) => c.json(await lastTest(db, c.req.valid('param').id, c.var.principal), 200),
    )
}
