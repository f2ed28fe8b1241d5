/** Secrets whose form does not depend on the vendor. Spread into `secrets`. */

/** A password inside a URL: `scp://user:password@host` (RFC 3986 section 3.2.1). */
export const urlSecrets: readonly RegExp[] = [/:\/\/[^\s:/@"]{1,64}:(?<secret>[^\s@"]{1,128})@/]

/** Private keys and other PEM blocks that must stay private (RFC 7468), also indented, up to the line of their end. */
export const pemSecrets: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----\s{0,8}(?<secret>[^-]{1,20000})/,
  /-----BEGIN OpenVPN Static key V1-----\s{0,8}(?<secret>[^-]{1,20000})/,
]
