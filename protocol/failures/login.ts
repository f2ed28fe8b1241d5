/** Logging in to a device, and what the login may see. Decided by the agent. */
import type { FailureEntry } from './entry.ts'

export const loginFailures = {
  PASSWORD_REJECTED: {
    message: 'Authentication failed',
    status: 502,
    retry: 'never',
    causes: [
      'Incorrect credentials',
      'Account locked on device: some devices lock accounts after multiple failed login attempts',
    ],
    remedies: [
      'Verify the username and password are correct for the device: on the jump host of agent {agent} (site {site}), `ssh -p {port} USER@{address}`.',
      'Store the right one: `netraven credentials set NAME --password-stdin`; `netraven devices show {device}` names it.',
      'Try accessing the device directly to unlock the account.',
    ],
  },
  KEY_REJECTED: {
    message: 'Authentication failed',
    status: 502,
    retry: 'never',
    causes: [
      'The SSH key has not been properly added to the device',
      'The key has expired or been revoked on the device',
    ],
    remedies: [
      'Add the public key to the user on the device; check that it has not expired or been revoked there.',
      'Store another key: `netraven credentials set NAME --key FILE`; `netraven devices show {device}` names it.',
    ],
  },
  KEY_UNREADABLE: {
    message: 'Authentication failed',
    status: 502,
    retry: 'never',
    causes: [
      'The stored private key is damaged or of an unknown format',
      'The passphrase of the key is missing or wrong',
    ],
    remedies: [
      'Check the key file: `ssh-keygen -y -f FILE` must print the public key.',
      'Store it again: `netraven credentials set NAME --key FILE`, with `--passphrase-stdin` if it has one.',
    ],
  },
  METHOD_UNSUPPORTED: {
    message: 'Authentication failed',
    status: 502,
    retry: 'never',
    causes: [
      'The device does not accept the kind of login that the credential has (password or key); the details list what it accepts',
    ],
    remedies: [
      'Give the device a credential of a kind that it accepts: `netraven devices set {device} --credential NAME`.',
      'Or allow this kind of login in the SSH settings of the device.',
    ],
  },
  ENABLE_FAILED: {
    message: 'Authentication failed',
    status: 502,
    retry: 'never',
    causes: ['The enable password is missing or wrong'],
    remedies: [
      'Log in to {device} by hand as the same user and try `enable`.',
      'Store the right one: `netraven credentials set NAME --enable-stdin`; `netraven devices show {device}` names it.',
    ],
  },
  NO_CREDENTIAL: {
    message: 'Authentication failed',
    status: 502,
    retry: 'never',
    causes: ['The device has no credential'],
    remedies: [
      'Add one: `netraven credentials add NAME --username USER --password-stdin`.',
      'Give it to the device: `netraven devices set {device} --credential NAME`.',
    ],
  },
  LOCAL_CREDENTIAL_UNKNOWN: {
    message: 'Authentication failed',
    status: 502,
    retry: 'never',
    causes: ['The credential is kept on the jump host, and agent {agent} has none of that name'],
    remedies: [
      'On the jump host of agent {agent} (site {site}): add the credential to the file credentials.json in the directory of the agent.',
      'Or give the device another one: `netraven devices set {device} --credential NAME`.',
    ],
  },
  PRIVILEGE_INSUFFICIENT: {
    message: 'Insufficient privilege on the device',
    status: 502,
    retry: 'never',
    causes: ['The credential does not have the required privileges on the device'],
    remedies: [
      'Ensure the user may read the whole configuration on {device} (privilege level 15, super-user, read-only administrator …).',
      'If the device wants an enable password: `netraven credentials set NAME --enable-stdin`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
