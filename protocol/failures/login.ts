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
  PASSPHRASE_MISSING: {
    message: 'No pass phrase for the configuration',
    status: 502,
    retry: 'never',
    causes: [
      'The device prints its configuration only to somebody who gives a pass phrase, under which it encrypts the secrets in it; the credential has none',
    ],
    remedies: [
      'Choose one of 8 to 128 letters and digits, and store it as the enable secret: `netraven credentials set NAME --enable-stdin`; `netraven devices show {device}` names it.',
      'Does the jump host of agent {agent} (site {site}) keep the credential? Then it is `enable` in credentials.json there.',
      'Keep it in a safe place too: the device restores a backup only with the pass phrase of that time.',
    ],
  },
  PASSPHRASE_UNSAFE: {
    message: 'Pass phrase can’t be used',
    status: 502,
    retry: 'never',
    causes: [
      'The pass phrase stands in a command, so it must be one plain word that nothing else is taken for; `reason` in the details says what is wrong',
    ],
    remedies: [
      'Store another one, of 8 to 128 letters and digits: `netraven credentials set NAME --enable-stdin`; `netraven devices show {device}` names it.',
      'Does the jump host of agent {agent} (site {site}) keep the credential? Then it is `enable` in credentials.json there.',
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
  CREDENTIAL_GUARDED: {
    message: 'Authentication failed at other devices, not tried here',
    status: 409,
    retry: 'never',
    causes: [
      'Several devices of the site refused this credential one after the other, so it is held back: a wrong password must not lock every account',
    ],
    remedies: [
      'See which devices refused it: `netraven credentials show {credential}`; then try one of them by hand.',
      'Wrong password? Store the right one, which lets it go at once: `netraven credentials set {credential} --password-stdin`.',
      'Right after all? `netraven credentials reset-guard {credential} --site {site}`; without it the next try is after {until}.',
    ],
  },
  CREDENTIAL_COOLDOWN: {
    message: 'Authentication failed before, not tried again yet',
    status: 409,
    retry: 'never',
    causes: ['The device refused the last login a short time ago; another wrong one could lock the account'],
    remedies: [
      'Correct the credential: `netraven credentials set {credential} --password-stdin`, or give {device} another one: `netraven devices set {device} --credential NAME`. Both end the pause.',
      'Mended on the device itself? `netraven devices reset-cooldown {device}`; without it the next try is after {until}.',
    ],
  },
  ACCOUNT_LOCK_SUSPECTED: {
    message: 'Authentication failed repeatedly, account may be locked',
    status: 409,
    retry: 'never',
    causes: [
      'The device refused several logins in a row; some devices lock accounts after multiple failed login attempts',
      'The password was changed on the device, or the user removed',
    ],
    remedies: [
      'Try accessing the device directly to unlock the account.',
      'From the jump host of site {site}: `ssh -p {port} USER@{address}` with the same user and password.',
      'Then `netraven devices reset-cooldown {device}`; without it the next try is after {until}.',
    ],
  },
  KEY_EXPIRED: {
    message: 'Authentication failed: the key has expired or been revoked',
    status: 409,
    retry: 'never',
    causes: ['The key is past the date that was set for it, or was revoked; no connection was made'],
    remedies: [
      'Make a new key, put its public line on the device, and store it: `netraven credentials set {credential} --key FILE`.',
      'Or move the date: `netraven credentials set {credential} --expires DATE`.',
    ],
  },
  CREDENTIAL_EXPIRED: {
    message: 'Authentication failed: the credential has expired or been revoked',
    status: 409,
    retry: 'never',
    causes: ['The credential is past the date that was set for it, or was revoked; no connection was made'],
    remedies: [
      'Store the new password: `netraven credentials set {credential} --password-stdin`.',
      'Or move the date: `netraven credentials set {credential} --expires DATE`.',
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
