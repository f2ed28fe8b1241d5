import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSpans, encodeSpans, mask, maskOf, type Span } from './mask.ts'

const spans = fc.array(fc.tuple(fc.nat(60), fc.nat(12)).map(([start, length]): Span => [start, start + length]))

describe('encodeSpans', () => {
  it('puts spans in order and joins what overlaps or touches', () => {
    expect(
      encodeSpans([
        [10, 12],
        [2, 5],
        [4, 7],
        [7, 8],
        [20, 20],
      ]),
    ).toEqual([2, 6, 2, 2])
  })

  it('covers exactly what the spans cover', () => {
    fc.assert(
      fc.property(spans, (given) => {
        const covered = (list: readonly Span[]) =>
          [...Array(80).keys()].filter((at) => list.some(([from, to]) => at >= from && at < to))
        expect(covered(decodeSpans(encodeSpans(given), 80))).toEqual(covered(given))
      }),
    )
  })

  it.each([[[1]], [[-1, 2]], [[0, 1.5]], [[0, 11]], [[Number.NaN, 1]]])('refuses %j for a text of 10', (deltas) => {
    expect(() => decodeSpans(deltas, 10)).toThrow(RangeError)
  })
})

describe('mask', () => {
  it('shows a keyed digest in the place of each secret, and all else as it is', () => {
    const text = 'user a password hunter2\nuser ü password hunter2\n'
    const at = [text.indexOf('hunter2'), text.lastIndexOf('hunter2')]
    const deltas = encodeSpans(at.map((from): Span => [from, from + 7]))
    // printf hunter2 | openssl dgst -sha256 -hmac sweep
    expect(mask(text, deltas, 'sweep')).toBe('user a password <secret:c75b4f56>\nuser ü password <secret:c75b4f56>\n')
    expect(maskOf('hunter2', 'another key')).not.toBe(maskOf('hunter2', 'sweep'))
    expect(maskOf('hunter3', 'sweep')).not.toBe(maskOf('hunter2', 'sweep'))
    expect(maskOf('hunter2', Buffer.from('sweep'))).toBe(maskOf('hunter2', 'sweep'))
  })

  it('leaves no secret in the view, and nothing else out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z ]{0,9}$/), fc.stringMatching(/^[A-Z0-9]{1,9}$/))),
        (parts) => {
          let text = ''
          const marked: Span[] = []
          for (const [open, secret] of parts) {
            text += `${open}|`
            marked.push([text.length, text.length + secret.length])
            text += `${secret}|`
          }
          const view = mask(text, encodeSpans(marked), 'k')
          expect(view.replace(/<secret:[0-9a-f]{8}>/g, '')).toBe(parts.map(([open]) => `${open}||`).join(''))
        },
      ),
    )
  })
})
