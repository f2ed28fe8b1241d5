/** Keeping and giving back what was read. */
import type { FailureEntry } from './entry.ts'

export const storageFailures = {
  BACKUP_NOT_FOUND: {
    message: 'Backup content not found',
    status: 404,
    retry: 'never',
    causes: ['Nothing has been backed up for this device yet', 'The version was removed by retention'],
    remedies: [
      'See what there is: `netraven backup list --device {device}`.',
      'Back it up now: `netraven backup run --device {device} --wait`.',
    ],
  },
  ARTIFACT_NOT_FOUND: {
    message: 'Artifact not found',
    status: 404,
    retry: 'never',
    causes: ['No artifact has this id', 'The last read of {device} brought none: the list says why'],
    remedies: ['See what there is: `netraven backup artifacts`.'],
  },
  ARTIFACT_NO_TEXT: {
    message: 'An artifact has no text',
    status: 409,
    retry: 'never',
    causes: [
      '{name} of {device} is a file that is kept byte for byte, such as an archive; it is never shown or compared as text',
    ],
    remedies: [
      'Save it and look at it with the tools of its vendor: `netraven backup artifact ID --output FILE`.',
      'Compare configurations: `netraven backup diff --device {device}`.',
    ],
  },
  PATH_MISSING: {
    message: 'Backup content not found',
    status: 404,
    retry: 'never',
    causes: ['File deleted outside of application', 'Storage backend configuration has changed'],
    remedies: [
      'Check that NETRAVEN_DATA_DIR and STORAGE_URL are what they were when it was stored.',
      'Restore the file from a backup of the storage; its name is its hash {contentHash}.',
      'Or read the device again: `netraven backup run --device {device} --wait` stores the text anew if it is unchanged.',
    ],
  },
  BACKEND_UNAVAILABLE: {
    message: 'Backup content not found',
    status: 503,
    retry: 'backoff',
    causes: ['Storage backend unavailable'],
    remedies: [
      'Check connectivity to the storage backend (S3, local filesystem) from the hub.',
      'Verify storage backend credentials and permissions: STORAGE_URL and AWS_*.',
    ],
  },
  CONTENT_HASH_MISMATCH: {
    message: 'Content hash mismatch',
    status: 409,
    retry: 'never',
    causes: ['Corrupted file', 'File modified outside of application'],
    remedies: [
      'Try to restore from an earlier backup: `netraven backup list --device {device}`, then `netraven backup verify ID`.',
      'Check the disk or bucket that holds it: a file that changes by itself is a failing disk.',
      'Read the device again: `netraven backup run --device {device} --wait`.',
    ],
  },
  BLOB_UNREADABLE: {
    message: 'Backup content cannot be decrypted',
    status: 500,
    retry: 'never',
    causes: ['It was encrypted under another master key', 'Corrupted file'],
    remedies: [
      'Set NETRAVEN_MASTER_KEY to the key that this installation was set up with.',
      'Restore the file from a backup of the storage; its name is its hash {contentHash}.',
    ],
  },
  STORAGE_FULL: {
    message: 'No space left on device',
    status: 507,
    retry: 'backoff',
    causes: ['Local storage full', 'S3 bucket limits'],
    remedies: [
      'Free up disk space on the hub: `df -h`. Agents keep their results meanwhile; nothing is lost.',
      'Move to a storage backend with more capacity: STORAGE_URL.',
      'Check S3 bucket quotas and limits; contact your AWS administrator to increase limits if needed.',
    ],
  },
  STORAGE_PERMISSION: {
    message: 'Storage permission denied',
    status: 500,
    retry: 'never',
    causes: [
      'The hub may not read or write the storage',
      'Volume permission issues: the mount is read-only or belongs to another user',
    ],
    remedies: [
      'Local: `ls -ld {path}`, then `chown -R netraven: {path}`; check that it is not mounted read-only.',
      'S3: verify the credentials (AWS_*) and that they may get, put, list and delete below the prefix.',
    ],
  },
  DIFF_TOO_LARGE: {
    message: 'Difference is too large to show',
    status: 422,
    retry: 'never',
    causes: ['The two versions have almost nothing in common, or are very large'],
    remedies: [
      'Look at each by itself: `netraven backup show ID`.',
      'Or write both to files with `netraven backup show ID > FILE`, and compare them with `diff -u`.',
    ],
  },
  EXPORT_FAILED: {
    message: 'Export could not be written',
    status: 500,
    retry: 'never',
    causes: ['The directory does not exist, is not writable, or is full'],
    remedies: ['Check it: `ls -ld {path}`, `df -h {path}`.', 'Choose another: `netraven backup export --dir DIR`.'],
  },
} as const satisfies Record<string, FailureEntry>
