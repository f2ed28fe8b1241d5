/** Reading a device to its end. Decided by the agent. */
import type { FailureEntry } from './entry.ts'

export const readingFailures = {
  TRANSPORT_UNSUPPORTED: {
    message: 'Way in not supported',
    status: 422,
    retry: 'never',
    causes: [
      'The driver {driver} can’t read over {transport}',
      'The agent is older than the hub and does not know this way in yet',
    ],
    remedies: [
      'See which ways in the driver has: deploy/DRIVERS.md. Then: `netraven devices set {device} --transport NAME`.',
      'Update agent {agent} (site {site}) to the version of the hub.',
    ],
  },
  PROMPT_NOT_FOUND: {
    message: 'Device prompt not recognised',
    status: 502,
    retry: 'never',
    causes: [
      'The device runs another system than the driver {driver} is for',
      'The device asks something after the login (a notice, a new password)',
    ],
    remedies: [
      'Log in to {device} by hand and look at what it shows up to its prompt.',
      'Choose the right driver: `netraven devices set {device} --driver NAME`.',
      'Answer a pending question of the device once by hand, such as an expired password.',
    ],
  },
  COMMAND_REJECTED: {
    message: 'Device rejected the command',
    status: 502,
    retry: 'never',
    causes: [
      'The device runs another system than the driver {driver} is for',
      'The software version of the device does not know the command',
    ],
    remedies: [
      'Type the command from the details on {device} by hand.',
      'Choose the right driver: `netraven devices set {device} --driver NAME`.',
    ],
  },
  DEVICE_COMMAND_TIMEOUT: {
    message: 'Command Execution Timeout',
    status: 504,
    retry: 'backoff',
    causes: ['Device overloaded', 'Command taking too long', 'Unstable connection'],
    remedies: [
      'Increase the timeout setting for that specific device: `netraven devices set {device} --command-timeout {seconds}`. It wins over the timeout of the driver for this command, that over the general one of the driver, that over the default.',
      'If the device falls silent before it goes on: `netraven devices set {device} --idle-timeout {idleSeconds}`.',
      'Device overloaded: try again later or during a maintenance window.',
      'Check for packet loss or high latency between agent {agent} (site {site}) and {address}.',
    ],
  },
  TASK_DEADLINE: {
    message: 'Task deadline passed',
    status: 504,
    retry: 'backoff',
    causes: ['The whole read of the device took longer than a task may', 'The device answers very slowly'],
    remedies: [
      'Try again when the device is less busy: `netraven backup run --device {device} --wait`.',
      'See how long earlier reads took: `netraven backup list --device {device}`.',
    ],
  },
  OUTPUT_TOO_LARGE: {
    message: 'Device output too large',
    status: 502,
    retry: 'never',
    causes: ['The device prints more than the limit for one command', 'The device repeats its output endlessly'],
    remedies: [
      'Type the command from the details on {device} by hand and see how much it prints.',
      'Is it the right driver? `netraven devices show {device}`, then `netraven devices set {device} --driver NAME`.',
      'How much may come stands in the details as `limitBytes`. A limit of the device itself is taken away by `netraven devices set {device} --max-output none`; then it is 64 MiB.',
      'Over NETCONF it is never more than 32 MiB. Read a larger configuration over SSH: `netraven devices set {device} --transport ssh`.',
    ],
  },
  EMPTY_READ: {
    message: 'Device returned no configuration',
    status: 502,
    retry: 'backoff',
    causes: ['The device printed nothing where its configuration should be', 'The user may not see the configuration'],
    remedies: [
      'Log in to {device} as the same user and type the command from the details.',
      'Ensure the credential has the required privileges on the device.',
    ],
  },
  SUSPECT_TRUNCATED: {
    message: 'Configuration looks truncated',
    status: 502,
    retry: 'backoff',
    causes: [
      'The end mark of the configuration is missing',
      'The configuration is much smaller than the last good one',
      'The connection broke off in the middle',
    ],
    remedies: [
      'Look at it: `netraven backup show --device {device}`. The last good version is kept beside it.',
      'Read again: `netraven backup run --device {device} --wait`.',
      'Is it whole, and really that small now? The next reads of the same size will be taken as good.',
    ],
  },
  MASKING_FAILED: {
    message: 'Secrets could not be masked',
    status: 500,
    retry: 'never',
    causes: ['The secrets of this configuration could not be found safely, so nothing was stored'],
    remedies: [
      'Read again: `netraven backup run --device {device} --wait`. If it stays, report it with the driver and the code.',
      'To store the text whole, encrypted at rest: `netraven devices set {device} --secrets keep`.',
    ],
  },
  DRIVER_UNKNOWN: {
    message: 'Unknown driver',
    status: 422,
    retry: 'never',
    causes: [
      'There is no driver of that name or alias',
      'The agent is older than the hub and does not have the driver yet',
    ],
    remedies: [
      'List the drivers: deploy/DRIVERS.md. Then: `netraven devices set {device} --driver NAME`.',
      'Update agent {agent} (site {site}) to the version of the hub.',
    ],
  },
  DRIVER_MISMATCH: {
    message: 'Driver differs from the signed one',
    status: 409,
    retry: 'never',
    causes: [
      'The agent was updated between its last hello and this task',
      'Somebody changed the driver on the jump host',
      'The file of an own driver is not the one that the hub signed',
    ],
    remedies: [
      'Restart agent {agent} (site {site}): `systemctl restart netraven-agent` on the jump host. Then it announces its drivers anew.',
      'If it stays, install the agent again from a source that you trust. In a clone whose drivers you work on: `npm run generate`.',
    ],
  },
  DEVICE_BUSY: {
    message: 'Device is being read already',
    status: 409,
    retry: 'backoff',
    causes: [
      'Another task reads the device at this moment',
      'It was too busy a moment ago, and is read once more shortly',
    ],
    remedies: ['Wait until it has ended, then: `netraven backup run --device {device} --wait`.'],
  },
  CANCELLED: {
    message: 'Cancelled',
    status: 409,
    retry: 'never',
    causes: ['Somebody cancelled the run, or the device was removed'],
    remedies: ['Start anew if it was not meant: `netraven backup run --device {device} --wait`.'],
  },
} as const satisfies Record<string, FailureEntry>
