import { Device, DeviceQuery } from '../api/device.ts'
import { PageQuery, pageOf } from '../api/page.ts'
import { AssignTags, NewTag, Tag, TagChange, TaggedDevices, TagQuery, TagRemoval, UnassignTags } from '../api/tag.ts'
import { listDevices } from '../devices.ts'
import { nameOfTag } from '../tag-words.ts'
import { addTag, changeTag, listTags, removeTag, showTag, tagDevices, tagNamed } from '../tags.ts'
import { body, byTag, createRoute, json, OpenAPIHono, type RouteParts, refusal } from './route.ts'

const tags = ['Tags']

export function tagRoutes({ db, drivers, needs }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs('read:tags'),
        method: 'get',
        path: '/tags',
        summary: 'Tags that are described, or carried by devices that the caller may see, with how many',
        tags,
        request: { query: TagQuery },
        responses: { 200: json(pageOf(Tag), 'Tags by name, a page'), ...refusal },
      }),
      async (c) => c.json(await listTags(db, c.req.valid('query'), c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:tags'),
        method: 'post',
        path: '/tags',
        summary: 'Describe a tag',
        tags,
        request: { body: body(NewTag) },
        responses: { 201: json(Tag, 'The tag'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const wanted = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => addTag(trx, wanted, principal, actor)), 201)
      },
    )
    .openapi(
      createRoute({
        ...needs('write:tags'),
        method: 'post',
        path: '/tags/assign',
        summary: 'Set tags on many devices; each that the caller may not change is refused by itself',
        tags,
        request: { body: body(AssignTags) },
        responses: { 200: json(TaggedDevices, 'What became of each'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { tags: set, devices } = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => tagDevices(trx, devices, { set }, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('write:tags'),
        method: 'post',
        path: '/tags/unassign',
        summary: 'Take tags from many devices; each that the caller may not change is refused by itself',
        tags,
        request: { body: body(UnassignTags) },
        responses: { 200: json(TaggedDevices, 'What became of each'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { tags: remove, devices } = c.req.valid('json')
        const done = db.transaction().execute((trx) => tagDevices(trx, devices, { remove }, principal, actor))
        return c.json(await done, 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:tags'),
        method: 'get',
        path: '/tags/{id}',
        summary: 'One tag',
        tags,
        request: { params: byTag },
        responses: { 200: json(Tag, 'The tag'), ...refusal },
      }),
      async (c) => c.json(await showTag(db, c.req.valid('param').id, c.var.principal), 200),
    )
    .openapi(
      createRoute({
        ...needs('write:tags'),
        method: 'patch',
        path: '/tags/{id}',
        summary: 'Change colour or description',
        tags,
        request: { params: byTag, body: body(TagChange) },
        responses: { 200: json(Tag, 'The tag'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        const change = c.req.valid('json')
        return c.json(await db.transaction().execute((trx) => changeTag(trx, id, change, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('delete:tags'),
        method: 'delete',
        path: '/tags/{id}',
        summary: 'Take a tag from every device that the caller may change, and away what was written about it',
        tags,
        request: { params: byTag },
        responses: { 200: json(TagRemoval, 'How many carried it'), ...refusal },
      }),
      async (c) => {
        const { principal, actor } = c.var
        const { id } = c.req.valid('param')
        return c.json(await db.transaction().execute((trx) => removeTag(trx, id, principal, actor)), 200)
      },
    )
    .openapi(
      createRoute({
        ...needs('read:tags', 'read:devices'),
        method: 'get',
        path: '/tags/{id}/devices',
        summary: 'Devices that carry a tag, by name',
        tags,
        request: { params: byTag, query: PageQuery.extend(DeviceQuery.omit({ tag: true }).shape) },
        responses: { 200: json(pageOf(Device), 'A page'), ...refusal },
      }),
      async (c) => {
        const tag = nameOfTag(await tagNamed(db, c.req.valid('param').id))
        return c.json(await listDevices(db, { ...c.req.valid('query'), tag }, await drivers(), c.var.principal), 200)
      },
    )
}
