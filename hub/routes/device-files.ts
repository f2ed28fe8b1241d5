import { z } from 'zod'
import { DeviceQuery, ImportReport } from '../api/device.ts'
import { Bulk, BulkReport } from '../api/device-bulk.ts'
import { DeviceFile, DeviceFileSchema } from '../api/device-file.ts'
import { IdOrName } from '../api/fields.ts'
import { changeMany } from '../device-bulk.ts'
import { csvOf, exportDevices, fileOf, fileSchema } from '../device-file.ts'
import { importDevices } from '../device-import.ts'
import { requireScopes } from '../principal.ts'
import { body, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Devices']

const ImportQuery = z.object({
  dryRun: z.enum(['true', 'false']).default('false').meta({ description: 'Judge everything, change nothing' }),
  site: IdOrName.optional().meta({ description: 'Site of rows that name none' }),
})

/** Many devices at once. Stands before `/devices/{id}`: `export` must not be taken for a device of that name. */
export function deviceFileRoutes({ db, keyring, drivers, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('write:devices'),
        method: 'post',
        path: '/devices/import',
        summary: 'Load a file of devices, CSV or JSON; the good rows load, the wrong ones are reported with their line',
        tags,
        request: {
          query: ImportQuery,
          body: {
            // Required, but then JSON would be asked of whoever sends CSV; the document says it.
            required: false,
            content: { 'text/csv': { schema: z.string() }, 'application/json': { schema: DeviceFile } },
          },
        },
        responses: { 200: json(ImportReport, 'What became of each row'), ...refusal },
      }),
      async (c) => {
        const { dryRun, site } = c.req.valid('query')
        const options = { dryRun: dryRun === 'true', site }
        const isJson = c.req.header('content-type')?.toLowerCase().startsWith('application/json') ?? false
        const file = isJson ? fileOf(DeviceFile.parse(c.req.valid('json'))) : await c.req.text()
        const parts = { db, keyring, drivers: await drivers(), who: c.var.principal, actor: c.var.actor }
        return c.json(await importDevices(parts, file, options), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/devices/import/schema',
        summary: 'What a file of devices may say',
        tags,
        responses: { 200: json(DeviceFileSchema, 'Columns of CSV, and the schema of JSON'), ...refusal },
      }),
      async (c) => c.json(fileSchema(await drivers()), 200),
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/devices/export',
        summary: 'All devices as a file that import takes; never with secrets',
        tags,
        request: { query: DeviceQuery.extend({ format: z.enum(['csv', 'json']).default('csv') }) },
        responses: {
          200: {
            description: 'The file',
            content: { 'text/csv': { schema: z.string() }, 'application/json': { schema: DeviceFile } },
          },
          ...refusal,
        },
      }),
      async (c) => {
        const { format, ...query } = c.req.valid('query')
        const devices = await exportDevices(db, query, await drivers(), c.var.principal)
        c.header('content-disposition', `attachment; filename="devices.${format}"`)
        if (format === 'json') return c.json({ devices }, 200)
        return c.body(csvOf(devices), 200, { 'content-type': 'text/csv; charset=utf-8; header=present' })
      },
    )
    .openapi(
      createRoute({
        ...needs('write:devices'),
        method: 'post',
        path: '/devices/bulk',
        summary: 'Change or remove many devices; each by itself, with what became of it',
        description: 'Needs `write:devices`, and for `remove` also `delete:devices`.',
        tags,
        request: { body: body(Bulk) },
        responses: { 200: json(BulkReport, 'What became of each, also when some failed'), ...refusal },
      }),
      async (c) => {
        const bulk = c.req.valid('json')
        const { principal: who, actor } = c.var
        if (bulk.op === 'remove') requireScopes(who, 'delete:devices')
        return c.json(await changeMany({ db, drivers: await drivers(), who, actor }, bulk), 200)
      },
    )
}
