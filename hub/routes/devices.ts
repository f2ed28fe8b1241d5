import { z } from 'zod'
import { Device, DeviceChange, DeviceQuery, DriverRow, ImportReport, NewDevice } from '../api/device.ts'
import { IdOrName } from '../api/fields.ts'
import { PageQuery, pageOf } from '../api/page.ts'
import { importDevices } from '../device-import.ts'
import { addDevice, changeDevice, listDevices, removeDevice, showDevice } from '../devices.ts'
import { body, byName, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Devices']

const ImportQuery = z.object({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'Judge everything, change nothing' }),
  site: IdOrName.optional().meta({ description: 'Site of rows that name none' }),
})

export function deviceRoutes({ db, keyring, drivers, signed }: RouteParts) {
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
      async (c) => c.json(await listDevices(db, c.req.valid('query'), drivers), 200),
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
      async (c) => c.json(await addDevice(db, c.req.valid('json'), drivers), 201),
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
        return c.json(await importDevices({ db, keyring, drivers }, await c.req.text(), options), 200)
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
        const device = await db.transaction().execute((trx) => changeDevice(trx, id, change, drivers, actor))
        return c.json(device, 200)
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
        method: 'get',
        path: '/drivers',
        summary: 'The operating systems that can be read, with all names they are known by',
        tags,
        responses: { 200: json(pageOf(DriverRow), 'Drivers by name, in one page'), ...refusal },
      }),
      (c) => {
        const items = drivers.all.map(({ name, title, aliases, transports }) => ({
          name,
          title,
          aliases: [...aliases],
          transports: [...transports],
        }))
        return c.json({ items, nextCursor: null }, 200)
      },
    )
}
