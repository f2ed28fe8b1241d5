/** Tables of grants, requests for them, tags and the rules that set them. */
import type { ColumnType, Generated, JSONColumnType } from 'kysely'

type Created = ColumnType<Date, Date | undefined, never>

export type GrantLevel = 'read' | 'operate' | 'manage'

/** What a grant is about: one of the three. */
interface ResourceColumns {
  device_id: string | null
  site_id: string | null
  /** Every device that carries the tag; without a value, whatever its value. */
  tag_key: string | null
  tag_value: string | null
}

export interface GrantsTable extends ResourceColumns {
  id: string
  /** To one of both. */
  user_id: string | null
  group_id: string | null
  level: GrantLevel
  made_by: string
  created_at: Created
  updated_at: Generated<Date>
  expires_at: Date | null
}

/** Of the resource nothing is set when there was none of that name, or another open request of the person is about it. */
export interface AccessRequestsTable extends ResourceColumns {
  id: string
  user_id: string
  kind: 'device' | 'tag' | 'site'
  /** In the words of the person. */
  asked_for: string
  level: GrantLevel
  reason: string
  state: Generated<'open' | 'approved' | 'denied'>
  created_at: Created
  decided_at: Date | null
  decided_by: string | null
  answer: string | null
}

export interface TagsTable {
  id: string
  key: string
  /** null: the tag whatever its value. */
  value: string | null
  colour: string | null
  description: Generated<string>
  created_by: string
  created_at: Created
  updated_at: Generated<Date>
}

export interface TagRulesTable {
  id: string
  name: string
  /** Of two rules that set one tag the higher wins. */
  priority: Generated<number>
  site_id: string | null
  driver: string | null
  group_name: string | null
  name_glob: string | null
  address_range: string | null
  tags: JSONColumnType<Record<string, string>, string, string>
  created_by: string
  created_at: Created
  updated_at: Generated<Date>
}
