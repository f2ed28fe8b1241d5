/** The database behind the hub. */
import type { FailureEntry } from './entry.ts'

export const databaseFailures = {
  DB_UNAVAILABLE: {
    message: 'Database unavailable',
    status: 503,
    retry: 'backoff',
    causes: ['Database server down', 'Network connectivity between hub and database'],
    remedies: [
      'Verify the database server is running: `systemctl status postgresql` on its machine.',
      'Check network connectivity to the database server: `pg_isready -h HOST -p 5432`.',
      'Nothing is lost: agents keep their results until the hub has recorded them.',
    ],
  },
  DB_AUTH: {
    message: 'Database refused the login',
    status: 503,
    retry: 'never',
    causes: [
      'Authentication issues: the database refuses the user or the password in DATABASE_URL',
      'The database user account is locked or expired',
    ],
    remedies: [
      'Verify database credentials are correct: `psql "$DATABASE_URL" -c "select 1"`.',
      'Check if the database user account is locked or expired: `psql -c "\\\\du"` as an administrator of the database.',
    ],
  },
  DB_MISSING: {
    message: 'Database does not exist',
    status: 503,
    retry: 'never',
    causes: ['The database that DATABASE_URL names does not exist'],
    remedies: [
      'Create it: `createdb -O netraven netraven`, as an administrator of the database.',
      'Or correct the name at the end of DATABASE_URL.',
    ],
  },
  DB_TOO_MANY_CONNECTIONS: {
    message: 'Database has no free connection',
    status: 503,
    retry: 'backoff',
    causes: ['Too many concurrent connections: the server has no free one'],
    remedies: [
      'See who holds them: `psql -c "select application_name, count(*) from pg_stat_activity group by 1 order by 2 desc"`.',
      'Raise max_connections on the database server, or run fewer hubs on it.',
    ],
  },
  DB_POOL_EXHAUSTED: {
    message: 'Connection pool exhausted',
    status: 503,
    retry: 'backoff',
    causes: [
      'Connection pool exhaustion: all connections of this hub are busy',
      'Slow queries hold connections too long',
    ],
    remedies: [
      'Try again in a moment; the hub releases connections as queries end.',
      'Check active connections: `psql "$DATABASE_URL" -c "select pid, state, now() - query_start as age, query from pg_stat_activity order by age desc limit 20"`.',
      'Check if the database server has sufficient CPU, memory, and disk I/O.',
    ],
  },
  EMBEDDED_DB_FAILED: {
    message: 'Embedded database did not start',
    status: 500,
    retry: 'never',
    causes: [
      'The data directory lies below one that the database user may not enter, such as /root',
      'No space left on device',
      'The package of the database binaries was installed without its install script',
    ],
    remedies: [
      'Choose a directory that every user may enter: NETRAVEN_DATA_DIR=/var/lib/netraven.',
      'Check the space: `df -h`.',
      'Install again: `npm ci`. The details hold the last words of the database.',
    ],
  },
  SCHEMA_MISMATCH: {
    message: 'Schema version mismatch',
    status: 503,
    retry: 'never',
    causes: [
      'Schema version mismatch: hubs of different versions run on one database',
      'The database was restored from another version',
    ],
    remedies: [
      'Ensure all hubs are running the same application version.',
      'Run database migrations manually if needed: `netraven migrate status`, then `netraven migrate up`.',
    ],
  },
  MIGRATION_FAILED: {
    message: 'Incompatible migrations',
    status: 500,
    retry: 'never',
    causes: ['Incompatible migrations', 'Database connection issues during migration'],
    remedies: [
      'Check the details for the step and its error; the steps before it are done, this one was rolled back.',
      'Ensure a stable database connection, then start the hub again or run `netraven migrate up`.',
      'If it stays: restore the database from a backup and apply migrations incrementally.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
