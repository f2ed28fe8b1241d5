/** Reading over NETCONF (RFC 6241), whatever the system: its whole running datastore, as an edit-config would take it. */
import type { Driver } from '../../driver.ts'

/** Leaves that hold a secret in the modules of IETF, OpenConfig and vendors; an element's text, whatever its prefix. */
const SECRET_LEAF =
  '(?:[\\w.-]*(?:password|passphrase|passwd|secret|psk|pre-shared-key|private-key|authentication-key|auth-key|priv-key|key-string|keystring|encrypted-key|md5-key|cleartext-key)|ascii-text|encrypted-(?:string|value)|text-name|community-name|community-string|auth-password-hashed|[\\w.-]*password-hash(?:ed)?|localized-key|(?:plain|cipher)-?text)'

export const xmlSecrets: readonly RegExp[] = [
  new RegExp(`<(?:[\\w.-]{1,40}:)?${SECRET_LEAF}(?: [^<>]{0,300})?>(?<secret>[^<]+)</`),
  // Keys of the User-based Security Model (RFC 7407), and of key chains (RFC 8177).
  /<(?:md5|sha|des|aes)>\s{0,80}<key>(?<secret>[^<]+)<\//,
  /<(?:keystring|hexadecimal-string)(?: [^<>]{0,300})?>(?<secret>[^<]+)<\//,
  // Hashes and reversible forms that systems put into any leaf: crypt(3), and Junos's own.
  />(?<secret>\$(?:[1-9]|1\d|2[aby]|sha1)\$[^<]{1,500})<\//,
  // A TLS private key in a keystore (RFC 9642).
  /<cleartext-private-key>(?<secret>[^<]+)<\//,
]

/** Spread it into `over.netconf`, or into a driver that has nothing else. */
export const netconfWay = {
  channel: 'exchange',
  comment: '<!-- ',
  commentEnd: ' -->',
  commands: [
    { run: 'get-config running', as: 'config', complete: /(?<![\s\S])<config[ >][\s\S]*^<\/config>\n?(?![\s\S])/ },
  ],
  rejected: [],
  denied: [],
  volatile: [],
  secrets: xmlSecrets,
  resalted: [],
} as const satisfies Partial<Driver>
