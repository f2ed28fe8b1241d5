/** Keeping and giving back what was read. */
import type { FailureEntry } from '../failure.ts'

export const storageFailures = {
  BACKUP_NOT_FOUND: {
    message: 'Backup content not found',
    status: 404,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  PATH_MISSING: {
    message: 'Backup content not found',
    status: 404,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  BACKEND_UNAVAILABLE: {
    message: 'Backup content not found',
    status: 503,
    retry: 'backoff',
    causes: [],
    remedies: [],
  },
  CONTENT_HASH_MISMATCH: {
    message: 'Content hash mismatch',
    status: 409,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  BLOB_UNREADABLE: {
    message: 'Backup content cannot be decrypted',
    status: 500,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  STORAGE_FULL: {
    message: 'No space left on device',
    status: 507,
    retry: 'backoff',
    causes: [],
    remedies: [],
  },
  STORAGE_PERMISSION: {
    message: 'Storage permission denied',
    status: 500,
    retry: 'never',
    causes: [],
    remedies: [],
  },
  EXPORT_FAILED: {
    message: 'Export could not be written',
    status: 500,
    retry: 'never',
    causes: [],
    remedies: [],
  },
} as const satisfies Record<string, FailureEntry>
