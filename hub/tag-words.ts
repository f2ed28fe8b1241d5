/** Tags as people write them: `key=value`, or `key` alone for the tag whatever its value. */
import { Failure } from '@netraven/protocol/failure.ts'

export interface TagWord {
  readonly key: string
  /** null: whatever it is. */
  readonly value: string | null
}

/** @throws Failure REQUEST_INVALID when there is no key, or a part is too long */
export function parseTag(text: string): TagWord {
  const at = text.indexOf('=')
  const key = (at < 0 ? text : text.slice(0, at)).trim()
  const value = at < 0 ? null : text.slice(at + 1)
  if (key === '' || key.length > 60 || (value?.length ?? 0) > 500) {
    const message = 'must be KEY or KEY=VALUE, of at most 60 and 500 characters'
    throw new Failure('REQUEST_INVALID', { issues: [{ where: 'request', path: 'tag', message }] })
  }
  return { key, value }
}

export function nameOfTag({ key, value }: TagWord): string {
  return value === null ? key : `${key}=${value}`
}

/** As `tag_word` of the database, which counts characters, not UTF-16 units. */
export function wordsOfTag(tag: TagWord): string[] {
  const { key, value } = tag
  const length = [...key].length
  return [value === null ? `${length}:${key}` : `${length}=${key}${value}`]
}
