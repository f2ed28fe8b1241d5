/** Tables of what devices say to credentials, as `tables.ts` has the others. */
import type { Generated } from 'kysely'

/** Further credentials of a device, in order, after `devices.credential_id`. */
export interface DeviceCredentialsTable {
  device_id: string
  credential_id: string
  /** From 1. */
  position: number
}

/** How a credential did at a device. */
export interface LoginStandingsTable {
  device_id: string
  credential_id: string
  /** Moving average of 1 for a login and 0 for a refusal; the newest counts a tenth. */
  success_rate: number
  succeeded_at: Date | null
  refused_at: Date | null
}

/** What the devices of a site said to a credential; no row: nothing yet. See `credential-guard.ts`. */
export interface CredentialGuardsTable {
  credential_id: string
  site_id: string
  /** Another one each time the guard opens or closes. */
  epoch: Generated<string>
  /** Different devices that refused it since it last opened one. */
  refused_devices: Generated<string[]>
  /** Tasks since then that ended before the device had judged it. */
  undecided: Generated<number>
  succeeded_at: Date | null
  refused_at: Date | null
  /** No task uses it before; kept when it is past, until it opens a device. */
  closed_until: Date | null
}
