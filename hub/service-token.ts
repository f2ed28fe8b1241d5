/**
 * What a service token looks like: `nrs_`, 32 random bytes in base64url, and a checksum of all that: CRC-32 in six digits of base 62,
 * leading zeros kept. By prefix and checksum, who scans repositories and logs for secrets knows one of ours without asking the hub, and
 * the hub refuses one that was cut or mistyped without asking the database.
 */
import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const PREFIX = 'nrs_'
const SHAPE = /^nrs_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/
const CHECKSUM_LENGTH = 6
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export function newServiceToken(random: (size: number) => Buffer = randomBytes): string {
  const body = `${PREFIX}${random(32).toString('base64url')}`
  return `${body}${checksumOf(body)}`
}

/** Whether somebody means a service token by this, whole or not. */
export function looksLikeServiceToken(text: string): boolean {
  return text.startsWith(PREFIX)
}

/** Whether it is whole: of the right shape, and with the right checksum. */
export function isServiceToken(text: string): boolean {
  return SHAPE.test(text) && checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)
}

/** What the database keeps of a token: with 256 random bits in it, a plain hash can't be turned around. */
export function hashOfToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function checksumOf(body: string): string {
  let rest = crc32(body)
  let digits = ''
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = `${DIGITS[rest % 62]}${digits}`
    rest = Math.floor(rest / 62)
  }
  return digits
}
