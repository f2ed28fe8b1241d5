/** Who an agent is: enrolment, identity, revocation. */
import type { FailureEntry } from './entry.ts'

export const enrollmentFailures = {
  AGENT_UNKNOWN: {
    message: 'Agent is not enrolled',
    status: 401,
    retry: 'never',
    causes: ['The hub has never met this agent, or was restored from a backup that is older than the agent'],
    remedies: [
      'Enrol it: `netraven enrollment-tokens create --site SITE`, then `netraven-agent enroll --hub URL --token TOKEN` on the jump host.',
    ],
  },
  AGENT_REVOKED: {
    message: 'Agent is revoked',
    status: 401,
    retry: 'never',
    causes: ['Somebody revoked this agent'],
    remedies: [
      'See when: `netraven agents show {agent}`.',
      'If it may come back, remove its directory on the jump host and enrol it as a new one: `netraven enrollment-tokens create --site SITE`.',
    ],
  },
  AGENT_NOT_ENROLLED: {
    message: 'Agent is not enrolled',
    status: 400,
    retry: 'never',
    causes: [
      'The directory of the agent has no identity yet',
      'The agent was started with another directory than it was enrolled with',
    ],
    remedies: [
      'Enrol it: `netraven-agent enroll --hub URL --token TOKEN`. The token comes from `netraven enrollment-tokens create --site SITE`.',
      'Or name the right directory: `netraven-agent run --dir DIR`, or NETRAVEN_AGENT_DIR.',
    ],
  },
  IDENTITY_DAMAGED: {
    message: 'Agent identity cannot be read',
    status: 500,
    retry: 'never',
    causes: ['The file identity.json in the agent’s folder was edited or damaged, or this user may not read it.'],
    remedies: [
      'Check the file’s owner and mode: it belongs to the agent’s user, mode 0600.',
      'Put it back from a backup of the jump host, or enroll anew: netraven-agent enroll --hub URL --token T --force',
    ],
  },
  AGENT_ALREADY_ENROLLED: {
    message: 'Agent is already enrolled',
    status: 409,
    retry: 'never',
    causes: ['The directory of the agent has an identity already'],
    remedies: [
      'Just start it: `netraven-agent run`.',
      'To enrol anew: `netraven agents revoke NAME` on the hub, then remove the directory or name another with `--dir DIR`.',
    ],
  },
  AGENT_ALREADY_RUNNING: {
    message: 'Agent is already running',
    status: 409,
    retry: 'never',
    causes: ['Another agent process uses the same directory'],
    remedies: [
      'Stop it: `systemctl stop netraven-agent`, or end the process that the details name.',
      'A second agent on one machine needs a directory and an enrolment of its own: `--dir DIR`.',
    ],
  },
  ENROLLMENT_TOKEN_INVALID: {
    message: 'Enrollment token is not valid',
    status: 401,
    retry: 'never',
    causes: ['The token was cut when it was copied', 'The token is from another hub'],
    remedies: ['Copy the whole token, or make another: `netraven enrollment-tokens create --site SITE`.'],
  },
  ENROLLMENT_TOKEN_USED: {
    message: 'Enrollment token was used already',
    status: 401,
    retry: 'never',
    causes: ['Each token enrols one agent, once', 'Somebody else used this token'],
    remedies: [
      'See whether an agent is there that you do not know: `netraven agents list`; if so: `netraven agents revoke NAME`.',
      'Make another: `netraven enrollment-tokens create --site SITE`.',
    ],
  },
  ENROLLMENT_TOKEN_EXPIRED: {
    message: 'Enrollment token expired',
    status: 401,
    retry: 'never',
    causes: ['The token was made too long ago'],
    remedies: ['Make another: `netraven enrollment-tokens create --site SITE`.'],
  },
} as const satisfies Record<string, FailureEntry>
