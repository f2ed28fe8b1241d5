import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { purposes } from './sealed-bytes.ts'
import { sealedPlaces } from './sealed-places.ts'

/** Purposes that some source seals for, by the word that it gives to `sealBytes`. */
function sealedFor(): string[] {
  const folder = new URL('.', import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  return files.flatMap((file) =>
    [...readFileSync(new URL(file, folder), 'utf8').matchAll(/sealBytes\(\s*'([\w-]+)'/g)].map(
      ([, purpose = '']) => purpose,
    ),
  )
}

it('whatever is sealed has a place from which a rotation seals it again', () => {
  const found = sealedFor()
  expect(found).toEqual(expect.arrayContaining(['credentials', 'hub-keys', 'token-keys', 'check', 'blobs']))
  expect(found.filter((purpose) => !Object.hasOwn(sealedPlaces, purpose))).toEqual([])
  const without = found.filter((purpose) => sealedPlaces[purpose as keyof typeof sealedPlaces].length === 0)
  expect(without).toEqual([])
  expect(Object.keys(sealedPlaces).toSorted()).toEqual(purposes.toSorted())
})
