/**
 * Every table as Kysely sees it. Ids are uuid (version 7, made by `newId`), times timestamptz (Date here), names plural
 * snake_case. What a column means stands here; what it is, in `migrations/`.
 */
import type { Transport } from '@netraven/protocol/transport.ts'
import type { ColumnType, Generated, Insertable, JSONColumnType, Selectable } from 'kysely'
import type { StoredStep } from '../climbs.ts'
import type {
  AccessTokensTable,
  GroupMembersTable,
  GroupsTable,
  PasswordsTable,
  RefreshTokensTable,
  RolesTable,
  ServiceTokensTable,
  SessionsTable,
  TokenKeysTable,
  UsersTable,
} from './account-tables.ts'
import type { ArtifactPartsTable, ArtifactsTable } from './artifact-tables.ts'
import type {
  AuditCheckpointsTable,
  AuditEntriesTable,
  AuditHeadsTable,
  AuditIntakeTable,
  EventsTable,
} from './audit-tables.ts'
import type { DevicesTable } from './device-tables.ts'
import type { DiagnosticsTable } from './diagnostic-tables.ts'
import type { DriversTable, DriverTrialsTable, DriverVersionsTable, LinePatternsTable } from './driver-tables.ts'
import type { RecoveryCodesTable, SecondFactorsTable, SignOnsTable } from './factor-tables.ts'
import type { AccessRequestsTable, GrantsTable, TagRulesTable, TagsTable } from './grant-tables.ts'
import type {
  AgentHubKeysTable,
  DataKeysTable,
  DataKeyWrapsTable,
  KeyHoldersTable,
  MasterKeysTable,
} from './key-tables.ts'
import type { RateLimitRulesTable, RateLimitsTable } from './limit-tables.ts'
import type { CredentialGuardsTable, DeviceCredentialsTable, LoginStandingsTable } from './login-tables.ts'
import type { IdempotencyKeysTable } from './rest-tables.ts'
import type { LoginAttemptsTable, LoginLocksTable, PasswordResetsTable, ResetRequestsTable } from './user-tables.ts'

type Created = ColumnType<Date, Date | undefined, never>

export interface Tables {
  installations: InstallationsTable
  hub_keys: HubKeysTable
  agent_hub_keys: AgentHubKeysTable
  master_keys: MasterKeysTable
  data_keys: DataKeysTable
  data_key_wraps: DataKeyWrapsTable
  key_holders: KeyHoldersTable
  users: UsersTable
  passwords: PasswordsTable
  roles: RolesTable
  groups: GroupsTable
  group_members: GroupMembersTable
  login_attempts: LoginAttemptsTable
  login_locks: LoginLocksTable
  password_resets: PasswordResetsTable
  reset_requests: ResetRequestsTable
  second_factors: SecondFactorsTable
  recovery_codes: RecoveryCodesTable
  sign_ons: SignOnsTable
  sessions: SessionsTable
  refresh_tokens: RefreshTokensTable
  service_tokens: ServiceTokensTable
  token_keys: TokenKeysTable
  access_tokens: AccessTokensTable
  sites: SitesTable
  enrollment_tokens: EnrollmentTokensTable
  agents: AgentsTable
  credentials: CredentialsTable
  credential_guards: CredentialGuardsTable
  devices: DevicesTable
  grants: GrantsTable
  access_requests: AccessRequestsTable
  tags: TagsTable
  tag_rules: TagRulesTable
  device_credentials: DeviceCredentialsTable
  login_standings: LoginStandingsTable
  runs: RunsTable
  tasks: TasksTable
  blobs: BlobsTable
  artifacts: ArtifactsTable
  artifact_parts: ArtifactPartsTable
  versions: VersionsTable
  diagnostics: DiagnosticsTable
  driver_trials: DriverTrialsTable
  driver_versions: DriverVersionsTable
  drivers: DriversTable
  audit_intake: AuditIntakeTable
  audit_entries: AuditEntriesTable
  audit_heads: AuditHeadsTable
  audit_checkpoints: AuditCheckpointsTable
  events: EventsTable
  idempotency_keys: IdempotencyKeysTable
  rate_limits: RateLimitsTable
  rate_limit_rules: RateLimitRulesTable
  line_patterns: LinePatternsTable
}

/** One row: this installation, shared by all hubs on this database. */
export interface InstallationsTable {
  id: string
  /** Sealed known text: opens only under the right master key. */
  key_check: Buffer
  created_at: Created
}

/** Ed25519 keys that sign tasks and answers; two may be live at rotation. */
export interface HubKeysTable {
  id: string
  public_key: string
  /** Seed, encrypted under the master key. */
  sealed_seed: Buffer
  /** `current` signs; `next` is announced; `retired` vouches for the current one to agents that were away, and signs nothing else. */
  state: 'next' | 'current' | 'retired'
  created_at: Created
  activated_at: Date | null
  superseded_at: Date | null
  /** Vouches for nothing any more. */
  is_distrusted: Generated<boolean>
  /** Becomes current by itself, as soon as every agent has learnt it. */
  is_due: Generated<boolean>
}

export interface SitesTable {
  id: string
  name: string
  created_at: Created
}

export interface EnrollmentTokensTable {
  id: string
  site_id: string
  /** sha256 of the secret part. */
  token_hash: Buffer
  expires_at: Date
  used_at: Date | null
  created_at: Created
}

export interface AgentsTable {
  id: string
  site_id: string
  name: string
  sign_public_key: string
  box_public_key: string
  state: Generated<'enrolled' | 'revoked'>
  created_at: Created
  revoked_at: Date | null
  /** Last word from it, any hub. */
  last_seen_at: Date | null
  /** Challenge of the connection that it has, on whatever hub; null: none. */
  connection: string | null
  software: string | null
  hostname: string | null
  concurrency: number | null
  /** Driver name to digest, as announced in hello. */
  drivers: JSONColumnType<Record<string, string>, string | undefined, string>
  /** Ways in that it knows, as announced in hello. */
  transports: Generated<Transport[]>
  /** What it can do beyond backups, as announced in hello. */
  abilities: Generated<string[]>
  /** Clock of the agent minus clock of the hub at the last hello, ms. */
  skew_ms: number | null
}

export interface CredentialsTable {
  id: string
  name: string
  username: string
  /** `password`, `key`, or `local`: kept on the jump host under `local_name`. */
  kind: 'password' | 'key' | 'local'
  /** JSON of password, enable, privateKey, passphrase under the master key; null when local. */
  sealed_secret: Buffer | null
  local_name: string | null
  /** Fingerprint of the key's public part, for people. */
  key_fingerprint: string | null
  /** Line of the key's public half, for the devices; null also for keys saved before it was kept. */
  public_key: string | null
  /** Not offered to a device from then on. */
  expires_at: Date | null
  revoked_at: Date | null
  /** Another one with each new secret: what an agent has learnt about the old one does not hold for it. */
  epoch: Generated<string>
  created_at: Created
  updated_at: Date
}

export interface RunsTable {
  id: string
  /** Who asked, in words: a user's name or a schedule. */
  requested_by: string
  total: number
  created_at: Created
  deadline_at: Date
  finished_at: Date | null
}

/**
 * One wish to read one device. queued → leased → done, or back to queued when a lease runs out, or when it failed and is tried
 * again: then with a time before which nobody gets it. `attempt` rises with each hand-out and is the fencing number: only the
 * holder of the newest attempt may finish. A device has at most one open task: a second wish while the first is open is the
 * same wish.
 */
export interface TasksTable {
  id: string
  run_id: string
  device_id: string
  site_id: string
  state: Generated<'queued' | 'leased' | 'succeeded' | 'failed' | 'cancelled'>
  attempt: Generated<number>
  /** Holder, or last holder. */
  agent_id: string | null
  lease_until: Date | null
  queued_at: Generated<Date>
  leased_at: Date | null
  deadline_at: Date
  finished_at: Date | null
  /** Of a success. */
  outcome: 'changed' | 'unchanged' | 'suspect' | null
  version_id: string | null
  captured_at: Date | null
  duration_ms: number | null
  failure_code: string | null
  failure_details: JSONColumnType<Record<string, unknown>> | null
  /** A `test` does all that a backup does, and keeps no text. */
  purpose: Generated<'backup' | 'test'>
  /** Of a test: its rungs; while it climbs, those so far. */
  steps: JSONColumnType<StoredStep[]> | null
  /** Of a test: the version of an own driver that is tried; null: the device's driver. */
  driver_version_id: string | null
  /** Of a test: the one credential that it offers; null: the device's. */
  only_credential_id: string | null
  /** Credentials of the last hand-out, in the order in which they were to be tried. */
  credential_ids: string[] | null
  /** It failed and waits: nobody gets it before. */
  not_before: Date | null
  /** Tries that failed and were followed by another, oldest first. */
  earlier_tries: JSONColumnType<EarlierTry[], string | undefined, string>
}

/** A try of a task that failed. Its attempt is over: what comes of it later changes nothing. */
export interface EarlierTry {
  readonly attempt: number
  /** Who held it. */
  readonly agent: string
  readonly code: string
  readonly details: Record<string, unknown>
}

export interface BlobsTable {
  content_hash: string
  store: string
  size_bytes: number
  stored_bytes: number
  /** Data key that it was last seen under, see `reencryption.ts`; null: nobody has looked. */
  sealed_under: number | null
  created_at: Created
}

/** One distinct text of a device and the span of time in which it was seen. */
export interface VersionsTable {
  id: string
  device_id: string
  content_hash: string
  fingerprint: string
  size_bytes: number
  verdict: 'complete' | 'suspect'
  reasons: JSONColumnType<string[], string | undefined, string>
  secrets: 'keep' | 'strip'
  /** Distance, length, distance, length …; see the protocol's `content.ts`. */
  spans: number[]
  first_seen_at: Date
  last_seen_at: Date
  seen_count: Generated<number>
  /** Of the first sight: what the agent signed. */
  agent_id: string
  task_id: string
  attempt: number
  signature: string
  /** When and by whom a suspect was taken for good. What the agent signed stays as it is. */
  accepted_at: Date | null
  accepted_by: string | null
  created_at: Created
}

export type Row<Name extends keyof Tables> = Selectable<Tables[Name]>
export type NewRow<Name extends keyof Tables> = Insertable<Tables[Name]>
