/** Internet addresses and ranges of them. */
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Such as 10.0.0.0/8 or 2001:db8::/32. */
export interface AddressRange {
  readonly base: Address
  readonly bits: number
}

/** @returns undefined when the text is no range; a single address is a range of one */
export function parseRange(text: string): AddressRange | undefined {
  const single = parseAddress(text)
  if (single) return { base: single, bits: single.kind() === 'ipv4' ? 32 : 128 }
  if (!ipaddr.isValidCIDR(text)) return undefined
  const [base, bits] = ipaddr.parseCIDR(text)
  // Four parts: ipaddr.js would read 10.1/16 as 10.0.0.1/16.
  if (base.kind() === 'ipv4' && !ipaddr.IPv4.isValidFourPartDecimal(text.split('/')[0] ?? '')) return undefined
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress()) {
    return bits < 96 ? undefined : { base: base.toIPv4Address(), bits: bits - 96 }
  }
  return { base, bits }
}

/** @returns undefined when the text is no address; IPv4 in IPv6 notation is IPv4 */
export function parseAddress(text: string): Address | undefined {
  if (!ipaddr.IPv6.isValid(text) && !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined
  return ipaddr.process(text)
}

export function isWithin(address: Address, { base, bits }: AddressRange): boolean {
  return address.kind() === base.kind() && address.match(base, bits)
}

/**
 * Whose address it is, as far as that can be told: one IPv4 address, or the first 64 bits of an IPv6 address, since each subscriber
 * has at least so many to choose from (RFC 6177, 2).
 * @returns `203.0.113.7`, or `2001:db8:0:1::` for the whole of 2001:db8:0:1::/64; undefined when the text is no address
 */
export function subscriberOf(text: string): string | undefined {
  const address = parseAddress(text)
  if (!(address instanceof ipaddr.IPv6)) return address?.toString()
  const half = address.parts.map((part, index) => (index < 4 ? part : 0))
  return new ipaddr.IPv6(half).toString()
}

/** Addresses of services of clouds that pass for public: the agent of Azure (learn.microsoft.com, "What is IP address 168.63.129.16?"). */
const cloudServices = ['168.63.129.16/32'].map((text) => parseRange(text)).filter((range) => range !== undefined)

/** Whether it is one of the public Internet: not of this machine, a private network, a link, a cloud's metadata, a translation, or nobody's. */
export function isPublic(address: Address): boolean {
  return address.range() === 'unicast' && !cloudServices.some((range) => isWithin(address, range))
}
