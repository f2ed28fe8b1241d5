/**
 * SSH algorithms that this agent offers, in the order in which it wants them: the first that the device has too is taken
 * (RFC 4253 section 7.1), so the order is the cost.
 *
 * CPU of our side of a key exchange in ms, Node 24, one core of a small server: x25519 0.1, nistp256 0.1, group14 0.5, group15
 * 1.4, nistp384 1.9, group16 2.8, nistp521 4.4, group17 6, group18 12, group1 31, group exchange 3 with a prime of 2048 bits, 6
 * with one of 4096 and 20 with one of 8192 (`group-exchange.ts`, which says what it would cost otherwise); the event loop stands still
 * meanwhile. AES-GCM needs no separate MAC and runs in OpenSSL; chacha20-poly1305 runs partly in WebAssembly when ssh2's native
 * add-on is missing.
 */

export interface Algorithms {
  readonly kex: readonly string[]
  readonly serverHostKey: readonly string[]
  readonly cipher: readonly string[]
  readonly mac: readonly string[]
}

const MODERN: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'diffie-hellman-group14-sha256',
    'ecdh-sha2-nistp384',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group15-sha512',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group17-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group-exchange-sha256',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-256',
    'rsa-sha2-512',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  mac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
}

/** No longer safe, and all that some devices have. Behind the others, so that they are taken only for want of better. */
const LEGACY: Algorithms = {
  kex: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1', 'diffie-hellman-group-exchange-sha1'],
  serverHostKey: ['ssh-rsa', 'ssh-dss'],
  cipher: ['aes128-cbc', 'aes192-cbc', 'aes256-cbc', '3des-cbc'],
  mac: ['hmac-sha1-etm@openssh.com', 'hmac-sha1', 'hmac-sha1-96', 'hmac-md5', 'hmac-md5-96'],
}

const WITH_LEGACY: Algorithms = {
  // Group exchange stays last: old devices take seconds for it.
  kex: [...MODERN.kex.slice(0, -1), ...LEGACY.kex.slice(0, -1), ...MODERN.kex.slice(-1), ...LEGACY.kex.slice(-1)],
  serverHostKey: [...MODERN.serverHostKey, ...LEGACY.serverHostKey],
  cipher: [...MODERN.cipher, ...LEGACY.cipher],
  mac: [...MODERN.mac, ...LEGACY.mac],
}

/** @param legacy whether the device may be given old algorithms too */
export function algorithmsFor(legacy: boolean): Algorithms {
  return legacy ? WITH_LEGACY : MODERN
}

/** Ciphers that prove integrity themselves; with one of them the MAC does not matter (RFC 5647 section 5.1). */
const AEAD = /gcm|poly1305/

/** @returns the kinds in which the two have nothing in common; empty: they can talk */
export function missingIn(ours: Algorithms, theirs: Algorithms): (keyof Algorithms)[] {
  const common = (kind: keyof Algorithms) => ours[kind].find((name) => theirs[kind].includes(name))
  const cipher = common('cipher')
  const needed: (keyof Algorithms)[] = ['kex', 'serverHostKey', 'cipher']
  if (cipher === undefined || !AEAD.test(cipher)) needed.push('mac')
  return needed.filter((kind) => common(kind) === undefined)
}
