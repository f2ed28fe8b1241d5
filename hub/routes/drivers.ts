import { driverCatalogue } from '@netraven/protocol/driver-catalogue.ts'
import { Failure } from '@netraven/protocol/failure.ts'
import { sql } from 'kysely'
import { z } from 'zod'
import {
  AddedDriver,
  DriverDetails,
  DriverRow,
  DriverTrial,
  DriverVersion,
  NewDriver,
  RollBack,
  RolledBack,
} from '../api/driver.ts'
import { pageOf } from '../api/page.ts'
import { addDriver } from '../driver-adding.ts'
import { showTrial } from '../driver-trials.ts'
import type { DriverName, DriverNames } from '../drivers.ts'
import { driverHistory, removeDriver, rollBack } from '../own-drivers.ts'
import { reaches } from '../reach.ts'
import { body, byId, createRoute, done, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Drivers']
const byDriver = z.object({ name: z.string().min(1).max(60).meta({ description: 'Name or alias of a driver' }) })
const builtIn = new Set(driverCatalogue.map(({ name }) => name))

export function driverRoutes({ db, drivers, checkPatterns, wake, runTimeoutMs, needs }: RouteParts) {
  /** Also of one that is not in use any more. */
  const nameOf = (names: DriverNames, word: string) => names.find(word) ?? word.trim().toLowerCase()
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/drivers',
        summary: 'The operating systems that can be read, with all names they are known by',
        tags,
        responses: { 200: json(pageOf(DriverRow), 'Drivers by name, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: (await drivers()).all.map(toRow), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/platforms',
        summary: 'The same as /drivers, under the name that others use',
        tags,
        responses: { 200: json(pageOf(DriverRow), 'Drivers by name, in one page'), ...refusal },
      }),
      async (c) => c.json({ items: (await drivers()).all.map(toRow), nextCursor: null }, 200),
    )
    .openapi(
      createRoute({
        ...needs('admin:drivers'),
        method: 'post',
        path: '/drivers',
        summary: 'Bring a driver of your own; it is used from the moment it has passed its trial',
        tags,
        request: { body: body(NewDriver) },
        responses: { 201: json(AddedDriver, 'The version, and its trial'), ...refusal },
      }),
      async (c) => {
        const parts = {
          db,
          wake,
          wakeAll: () => wake(''),
          runTimeoutMs,
          checkPatterns,
          builtIn,
          drivers: await drivers(),
        }
        return c.json(await addDriver(parts, c.req.valid('json'), c.var.principal, c.var.actor), 201)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/drivers/{name}',
        summary: 'One driver, with its file when it is an own one',
        tags,
        request: { params: byDriver },
        responses: { 200: json(DriverDetails, 'The driver'), ...refusal },
      }),
      async (c) => {
        const names = await drivers()
        const name = names.require(c.req.valid('param').name)
        const [found] = names.all.filter((driver) => driver.name === name).map(toRow)
        if (!found) throw new Failure('DRIVER_UNKNOWN', { driver: name })
        const current = (await driverHistory(db, name, c.var.principal)).find((version) => version.current)
        const { devices } = await db
          .selectFrom('devices')
          .select(sql<number>`count(*)::int`.as('devices'))
          .where('driver', '=', name)
          .where('removed_at', 'is', null)
          .where(reaches(c.var.principal, 'read'))
          .executeTakeFirstOrThrow()
        return c.json({ ...found, source: current?.source ?? null, devices }, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:devices'),
        method: 'get',
        path: '/drivers/{name}/history',
        summary: 'Every version of an own driver, newest first',
        tags,
        request: { params: byDriver },
        responses: { 200: json(pageOf(DriverVersion), 'Versions, in one page'), ...refusal },
      }),
      async (c) => {
        const { name } = c.req.valid('param')
        const names = await drivers()
        const versions = await driverHistory(db, nameOf(names, name), c.var.principal)
        if (versions.length === 0) names.require(name)
        return c.json({ items: versions.map(({ source: _, ...version }) => version), nextCursor: null }, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:drivers'),
        method: 'post',
        path: '/drivers/{name}/rollback',
        summary: 'Go back to an earlier version, or from the first one to the built-in driver',
        tags,
        request: { params: byDriver, body: body(RollBack) },
        responses: { 200: json(RolledBack, 'What is in use now'), ...refusal },
      }),
      async (c) => {
        const name = nameOf(await drivers(), c.req.valid('param').name)
        const { version } = c.req.valid('json')
        const actor = c.var.actor
        const now = await db.transaction().execute((trx) => rollBack(trx, name, version, builtIn.has(name), actor))
        return c.json({ driver: name, version: now }, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:drivers'),
        method: 'delete',
        path: '/drivers/{name}',
        summary: 'Use an own driver no more; its history stays',
        tags,
        request: { params: byDriver },
        responses: done,
      }),
      async (c) => {
        const name = nameOf(await drivers(), c.req.valid('param').name)
        const actor = c.var.actor
        await db.transaction().execute((trx) => removeDriver(trx, name, builtIn.has(name), c.var.principal, actor))
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...needs('admin:drivers'),
        method: 'get',
        path: '/driver-trials/{id}',
        summary: 'How a trial stands, and what it saw; secrets are masked',
        tags,
        request: { params: byId },
        responses: { 200: json(DriverTrial, 'The trial'), ...refusal },
      }),
      async (c) => c.json(await showTrial(db, c.req.valid('param').id, c.var.principal), 200),
    )
}

function toRow({ name, title, aliases, transports, version }: DriverName): DriverRow {
  return {
    name,
    title,
    aliases: [...aliases],
    transports: [...transports],
    origin: version === undefined ? 'builtin' : 'own',
    version: version ?? null,
  }
}
