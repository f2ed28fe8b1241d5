/** The ways in to a device. */
import { z } from 'zod'

/**
 * `ssh`: shell or exec channels (RFC 4254). `telnet`: RFC 854, only where the agent's policy allows it. `netconf`: over SSH (RFC 6242).
 * `https`, `http`: for systems without a usable shell. `sftp`, `scp`: a file of the device.
 */
export const Transport = z.enum(['ssh', 'telnet', 'netconf', 'https', 'http', 'sftp', 'scp'])
export type Transport = z.infer<typeof Transport>

/** Ports as IANA registered them. */
export const defaultPorts: Readonly<Record<Transport, number>> = {
  ssh: 22,
  telnet: 23,
  netconf: 830,
  https: 443,
  http: 80,
  sftp: 22,
  scp: 22,
}

/** Ways in on which a login, and what is read, can be overheard. */
export const plainTransports: ReadonlySet<Transport> = new Set(['telnet', 'http'])
