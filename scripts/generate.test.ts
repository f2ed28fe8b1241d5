import { expect, it } from 'vitest'
import { failures } from '../protocol/failure.ts'
import { generated, stale } from './generate.ts'
import { troubleshooting } from './generate-troubleshooting.ts'

it.each(Object.keys(generated))('%s is what `npm run generate` makes', async (path) => {
  expect(await stale()).not.toContain(path)
})

it('[SUP-2] the troubleshooting page explains every code, and each link leads to a heading', () => {
  const page = troubleshooting()
  const headings = new Set(
    [...page.matchAll(/^#{2,3} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^a-z0-9_\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
  for (const code of Object.keys(failures)) expect(headings).toContain(code.toLowerCase())
  for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor)
})

it('no remedy is lost to Markdown: angle brackets and bars stand in code only', () => {
  const prose = troubleshooting()
    .replaceAll(/`[^`\n]*`/g, '')
    .replaceAll(/<!--.*-->/g, '')
  expect(prose).not.toMatch(/[<>]/)
})
