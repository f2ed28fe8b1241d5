import { z } from 'zod'
import { Device, DeviceChange, DeviceQuery, ImportReport, NewDevice } from '../api/device.ts'
import { IdOrName } from '../api/fields.ts'
import { PageQuery, pageOf } from '../api/page.ts'
import { Reachability } from '../api/reachability.ts'
import { importDevices } from '../device-import.ts'
import { addDevice, changeDevice, listDevices, removeDevice, resetCoolDown, showDevice } from '../devices.ts'
import { lastTest, startTest } from '../reachability.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Devices']

const ImportQuery = z.object({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'Judge everything, change nothing' }),
  site: IdOrName.optional().meta({ description: 'Site of rows that name none' }),
})

export function deviceRoutes({ db, keyring, drivers, wake, runTimeoutMs, signed }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/devices',
        summary: 'Devices by name',
        tags,
        request: { query: PageQuery.extend(DeviceQuery.shape) },
        responses: { 200: json(pageOf(Device), 'A page'), ...refusal },
      }),
      async (c) => c.json(await listDevices(db, c.req.valid('query'), await drivers()), 200),
    )
    .openapi(
      createRoute({
        ...signed,
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
        return c.json(await db.transaction().execute((trx) => addDevice(trx, given, names)), 201)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/devices/import',
        summary: 'Load a CSV file of devices; the good rows load, the wrong ones are reported with their line',
        tags,
        request: {
          query: ImportQuery,
          body: { required: true, content: { 'text/csv': { schema: z.string() } } },
        },
        responses: { 200: json(ImportReport, 'What became of each row'), ...refusal },
      }),
      async (c) => {
        const { dryRun, site } = c.req.valid('query')
        const options = { dryRun: dryRun === 'true', site }
        return c.json(await importDevices({ db, keyring, drivers: await drivers() }, await c.req.text(), options), 200)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/devices/{id}',
        summary: 'One device',
        tags,
        request: { params: byName },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => c.json(await showDevice(db, c.req.valid('param').id), 200),
    )
    .openapi(
      createRoute({
        ...signed,
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
        const actor = c.var.bearer.user.username
        const names = await drivers()
        const device = await db.transaction().execute((trx) => changeDevice(trx, id, change, names, actor))
        return c.json(device, 200)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/devices/{id}/cooldown/reset',
        summary: 'End the pause after a refused login',
        tags,
        request: { params: byName },
        responses: { 200: json(Device, 'The device'), ...refusal },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const actor = c.var.bearer.user.username
        return c.json(await db.transaction().execute((trx) => resetCoolDown(trx, id, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'delete',
        path: '/devices/{id}',
        summary: 'Remove a device; its backups stay',
        tags,
        request: { params: byName },
        responses: done,
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        const actor = c.var.bearer.user.username
        await db.transaction().execute((trx) => removeDevice(trx, id, actor))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'post',
        path: '/devices/{id}/reachability',
        summary: 'Test whether a device can be read: name, port, host key, login, commands, end; nothing is kept',
        tags,
        request: { params: byName },
        responses: { 202: json(Reachability, 'The test, just begun, or the one that is under way'), ...refusal },
      }),
      async (c) => {
        const requestedBy = c.var.bearer.user.username
        return c.json(await startTest({ db, wake, runTimeoutMs }, c.req.valid('param').id, requestedBy), 202)
      },
    )
    .openapi(
      createRoute({
        ...signed,
        method: 'get',
        path: '/devices/{id}/reachability',
        summary: 'How the newest test of a device stands',
        tags,
        request: { params: byName },
        responses: { 200: json(Reachability, 'The newest test'), ...refusal },
      }),
      async (c) => c.json(await lastTest(db, c.req.valid('param').id), 200),
    )
}
