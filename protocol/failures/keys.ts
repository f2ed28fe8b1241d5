/** Keys of the hub: their rotation, and their backup. */
import type { FailureEntry } from './entry.ts'

export const keysFailures = {
  DATA_KEY_UNKNOWN: {
    message: 'Data key not known yet',
    status: 503,
    retry: 'backoff',
    causes: [
      'Another hub has begun to use a new data key a moment ago, and this one has not read it yet',
      'The database was restored from a time before that key was made',
    ],
    remedies: [
      'Try again in a few seconds; the hub reads its keys anew by itself.',
      'If it stays so, compare `netraven keys list` with data key {dataKey}: a key that is not there has to come from a backup of the database.',
    ],
  },
  KEY_AGENTS_BEHIND: {
    message: 'Agents have not learnt the next key',
    status: 409,
    retry: 'never',
    causes: ['An agent is offline, or has not asked since the key was announced'],
    remedies: [
      'See which agents they are: `netraven keys list`. Bring them online and they learn it at once; the key then begins to sign by itself.',
      'Or go on without them: `netraven keys rotate task --force`. They learn the new key when they come back, from a message signed by the one before.',
    ],
  },
  MASTER_KEY_NOT_GIVEN: {
    message: 'New master key is not set on every hub',
    status: 409,
    retry: 'never',
    causes: ['A hub was started with one master key alone', 'A hub was not restarted since the new key was set'],
    remedies: [
      'Make a key: `openssl rand -base64 32`. On every hub set NETRAVEN_MASTER_KEY to it and NETRAVEN_MASTER_KEY_PREVIOUS to the present one; or put the new one into the first line of master.key and the present one into the second.',
      'Restart the hubs one after the other, then run `netraven keys rotate master` again.',
    ],
  },
  KEY_BACKUP_PASSPHRASE_WRONG: {
    message: 'Wrong passphrase',
    status: 400,
    retry: 'never',
    causes: ['The passphrase is not the one that the backup of the keys was made with'],
    remedies: ['Try again; spaces and capitals count, a line feed at the end does not.'],
  },
  KEY_BACKUP_DAMAGED: {
    message: 'Backup of the keys is damaged',
    status: 400,
    retry: 'never',
    causes: ['The file was cut or altered', 'The file is something else than a backup of keys'],
    remedies: ['Use another copy of the file; `wc -l` must count 3 lines, of which the first is `netraven-keys 1`.'],
  },
  KEY_BACKUP_FOREIGN: {
    message: 'Backup of the keys does not fit this database',
    status: 409,
    retry: 'never',
    causes: [
      'The keys are those of another installation',
      'The database was set up or rotated after the backup was made',
    ],
    remedies: ['Choose the backup that belongs to installation {installation}; each names its own in the second line.'],
  },
  KEY_FILE_EXISTS: {
    message: 'Another master key is there already',
    status: 409,
    retry: 'never',
    causes: ['The data directory holds a master key that is not in the backup'],
    remedies: ['Move {file} elsewhere, never delete it unread, and run the command again.'],
  },
} as const satisfies Record<string, FailureEntry>
