/** What an operating system's error at connecting means (connect(2), getaddrinfo(3)). */
import type { FailureCode } from '@netraven/protocol/failure.ts'

const CODES: Readonly<Record<string, FailureCode>> = {
  ENOTFOUND: 'DNS_FAILED',
  EAI_AGAIN: 'DNS_FAILED',
  ENODATA: 'DNS_FAILED',
  EHOSTUNREACH: 'NO_ROUTE',
  EHOSTDOWN: 'NO_ROUTE',
  ENETUNREACH: 'NO_ROUTE',
  ENETDOWN: 'NO_ROUTE',
  EADDRNOTAVAIL: 'NO_ROUTE',
  EACCES: 'NO_ROUTE',
  EPERM: 'NO_ROUTE',
  EINVAL: 'NO_ROUTE',
  ETIMEDOUT: 'TCP_TIMEOUT',
  ECONNREFUSED: 'PORT_REFUSED',
}

/** @param code as Node gives it; unknown ones count as no way to the device */
export function failureCodeOf(code: string): FailureCode {
  return CODES[code] ?? 'NO_ROUTE'
}
