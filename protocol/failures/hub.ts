/** The hub itself: its configuration, its keys, its start and end. */
import type { FailureEntry } from './entry.ts'

export const hubFailures = {
  INTERNAL: {
    message: 'Internal error',
    status: 500,
    retry: 'never',
    causes: ['A fault in NetRaven', 'The other side is newer and reported a failure that this version does not know'],
    remedies: [
      "Look up the request id in the hub's log; the stack is there.",
      'Update agent and hub to the same version.',
      'Report it with the version, the request id and those log lines.',
    ],
  },
  CONFIG_INVALID: {
    message: 'Configuration is invalid',
    status: 500,
    retry: 'never',
    causes: ['Missing environment variables', 'A variable has a value that cannot be used'],
    remedies: ['Correct the variables that the details list; all of them are in .env.example with an example.'],
  },
  CERTIFICATE_UNUSABLE: {
    message: 'TLS certificate cannot be used',
    status: 500,
    retry: 'never',
    causes: ['{reason}', 'TLS_CERT_FILE and TLS_KEY_FILE do not belong together, or cannot be read'],
    remedies: [
      'Look at the certificate: `openssl x509 -in {certificate} -noout -subject -dates`.',
      'These two must print the same: `openssl x509 -in {certificate} -noout -pubkey` and `openssl pkey -in {key} -pubout`.',
      'Put the right files there; a hub that runs takes them within a minute, or at once after SIGHUP.',
    ],
  },
  OUTBOUND_REFUSED: {
    message: 'Address may not be reached from the hub',
    status: 422,
    retry: 'never',
    causes: [
      'The address is not one of the public Internet, and lies in none of the networks of OUTBOUND_ALLOWED_NETWORKS',
      'It is not https://; http:// is taken to allowed networks only',
    ],
    remedies: [
      'Check the address: {url}.',
      'If the hub is meant to reach it, add its network to OUTBOUND_ALLOWED_NETWORKS, such as 10.20.0.0/16, and start the hub again.',
    ],
  },
  OUTBOUND_FAILED: {
    message: 'No answer from another server',
    status: 502,
    retry: 'backoff',
    causes: [
      '{reason}',
      'The name does not resolve, nothing listens, its certificate is not trusted, or it answers too slowly or too much',
    ],
    remedies: [
      'Try it from the hub’s machine: `curl -v {url}`.',
      'A certificate of your own authority: start the hub with NODE_EXTRA_CA_CERTS.',
    ],
  },
  NODE_TOO_OLD: {
    message: 'Node.js is too old',
    status: 500,
    retry: 'never',
    causes: ['NetRaven runs from source and needs Node.js 24 or newer'],
    remedies: [
      'Install Node.js 24, or start through npm in the repository, which brings its own: `npx node hub/netraven.js hub`.',
    ],
  },
  PORT_IN_USE: {
    message: 'Port is already in use',
    status: 500,
    retry: 'never',
    causes: ['Port conflicts: another service, or another hub, uses the same port'],
    remedies: [
      'Ensure no other services are using the same port: `ss -ltnp "sport = :{port}"`.',
      'Or choose another one: `HUB_PORT=8001 netraven hub`.',
    ],
  },
  DATA_DIR_LOCKED: {
    message: 'Data directory is in use by another hub',
    status: 409,
    retry: 'never',
    causes: ['Another hub runs on the same data directory'],
    remedies: [
      'Stop the other hub, or give this one a directory of its own: NETRAVEN_DATA_DIR.',
      'For several hubs, use one PostgreSQL server (DATABASE_URL) and one object store (STORAGE_URL).',
    ],
  },
  DATA_DIR_UNUSABLE: {
    message: 'Data directory cannot be used',
    status: 500,
    retry: 'never',
    causes: [
      'Volume permission issues: the hub may not write to its data directory',
      'The directory lies below one that the database user may not enter',
    ],
    remedies: [
      'Check permissions: `ls -ld {path}`, then `chown -R netraven: {path}`.',
      'Or choose another directory: NETRAVEN_DATA_DIR=/var/lib/netraven.',
    ],
  },
  MASTER_KEY_MISSING: {
    message: 'Master key is missing',
    status: 500,
    retry: 'never',
    causes: ['Neither NETRAVEN_MASTER_KEY nor NETRAVEN_MASTER_KEY_FILE is set, and the data directory has no key'],
    remedies: [
      'Set NETRAVEN_MASTER_KEY_FILE to the file with the key of this installation.',
      'Without that key, stored configurations and credentials cannot be read: look for it in your backups.',
    ],
  },
  MASTER_KEY_WRONG: {
    message: 'Master key is not the one this hub was set up with',
    status: 500,
    retry: 'never',
    causes: [
      'NETRAVEN_MASTER_KEY is not the key that this installation was set up with',
      'The database is that of another installation',
    ],
    remedies: [
      'Set the key that this installation was set up with; look for it in your backups. Do not make a new one.',
      'Check that DATABASE_URL names the right database.',
    ],
  },
  SHUTTING_DOWN: {
    message: 'Hub is shutting down',
    status: 503,
    retry: 'backoff',
    causes: ['The hub was told to stop and finishes what it has begun'],
    remedies: ['Try again in a moment; agents and the command line do so by themselves.'],
  },
} as const satisfies Record<string, FailureEntry>
