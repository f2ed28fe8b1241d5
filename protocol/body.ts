/**
 * The body of an envelope: JSON, packed (packing.ts), what is left of the text deflated with the protocol's dictionary.
 * A body's bytes are looked at only after the envelope's signature was found right.
 */
import { isUtf8 } from 'node:buffer'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { bodyDictionary } from './dictionary.ts'
import { Failure } from './failure.ts'
import { frame, pack, unframe, unpack } from './packing.ts'

/** No body may inflate beyond this, so a small message can't fill the memory. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024

/** @throws RangeError when JSON has no word for the value, such as `undefined` */
export function encodeBody(value: unknown): Buffer {
  const json: string | undefined = JSON.stringify(value)
  if (json === undefined) throw new RangeError('a body must be JSON')
  const { tokens, text } = pack(json)
  return frame(tokens, deflateRawSync(text, { dictionary: bodyDictionary, level: 6 }))
}

/** @throws Failure ENVELOPE_MALFORMED, whatever the bytes */
export function decodeBody(body: Uint8Array): unknown {
  try {
    const { tokens, rest } = unframe(body)
    const text = inflateRawSync(rest, {
      dictionary: bodyDictionary,
      maxOutputLength: MAX_BODY_BYTES,
      finishFlush: constants.Z_FINISH,
    })
    if (!isUtf8(text)) throw new RangeError('not UTF-8')
    return JSON.parse(unpack({ tokens, text: text.toString() }))
  } catch (cause) {
    throw new Failure('ENVELOPE_MALFORMED', { part: 'body' }, { cause })
  }
}
