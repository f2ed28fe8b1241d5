/**
 * Where a request comes from, behind exactly so many proxies of ours. Each proxy appends the address that it was spoken to from to
 * `X-Forwarded-For`; what stands further left was written by the client and may be anything. `Forwarded` (RFC 7239) does not count:
 * a proxy that appends to the one passes the other on as the client wrote it.
 */
import { isIP } from 'node:net'

/**
 * @param peer address at the other end of the connection; undefined: there is none, as in a test without a socket
 * @param forwardedFor values of X-Forwarded-For, joined by commas
 * @param hops proxies of ours between the client and this hub
 * @returns an address without zone, port and IPv4-in-IPv6 notation; null when it can't be told
 */
export function clientAddress(peer: string | undefined, forwardedFor: string | undefined, hops: number): string | null {
  const own = peer === undefined ? undefined : plain(peer)
  if (hops === 0 || forwardedFor === undefined) return own ?? null
  const told = forwardedFor.split(',').filter((part) => part.trim() !== '')
  // Fewer entries than proxies: it came past them, and every entry is its own invention. What is no address tells nothing either.
  return plain(told.at(-hops)?.trim() ?? '') ?? own ?? null
}

function plain(text: string): string | undefined {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(text)?.[1] ?? text
  const address = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(bare)?.[1] ?? bare.replace(/%.*$/, '')
  return isIP(address) === 0 ? undefined : address
}
