/** Drivers and patterns that somebody wrote himself: checking, trying, using them. */
import type { FailureEntry } from './entry.ts'

export const driversFailures = {
  DRIVER_INVALID: {
    message: 'Driver file is invalid',
    status: 400,
    retry: 'never',
    causes: [
      'The file is no YAML or JSON, or a field is missing, unknown or has a wrong value; each problem names its line',
    ],
    remedies: [
      'Correct the lines that are listed; nothing was saved.',
      'Learn from the example: deploy/examples/acme_os.yaml, and from `netraven drivers add --help`.',
    ],
  },
  DRIVER_TRIAL_FAILED: {
    message: 'Driver failed its trial',
    status: 422,
    retry: 'never',
    causes: [
      'The device or the recording could not be read to its end with this driver',
      'The pattern `complete` fits a text that broke off, or does not fit a whole one',
    ],
    remedies: [
      'Correct the file by what the trial saw, and add it again; the driver in use is still the one before.',
      'See what was tried: `netraven drivers history {driver}`.',
    ],
  },
  DRIVER_TRIAL_NEEDS_DEVICE: {
    message: 'Driver can only be tried on a device',
    status: 422,
    retry: 'never',
    causes: ['The driver {driver} fetches files alone, and a recording is of a session: there is no file in it'],
    remedies: [
      'Try it on a device, which is read but not kept: `netraven drivers add FILE --device NAME`.',
      'Without any trial, and its history says so: `netraven drivers add FILE --untried`.',
    ],
  },
  DRIVER_TRIAL_UNANSWERED: {
    message: 'No agent tried the driver',
    status: 504,
    retry: 'backoff',
    causes: [
      'No agent is connected that can try drivers',
      'The agent that took the trial lost its link or was stopped',
    ],
    remedies: [
      'See who is connected: `netraven agents list`. An agent that is older than the hub can’t try drivers: update it.',
      'Then add the file again. Without any trial: `netraven drivers add FILE --untried`.',
    ],
  },
  DRIVER_VERSION_UNKNOWN: {
    message: 'Unknown version of a driver',
    status: 404,
    retry: 'never',
    causes: [
      'The driver {driver} has no own version of that number',
      'That version was never tried, or failed its trial',
    ],
    remedies: ['See what there is: `netraven drivers history {driver}`.'],
  },
  DRIVER_UNAVAILABLE: {
    message: 'Driver file not found',
    status: 404,
    retry: 'never',
    causes: ['The hub does not have the file of the driver that the task names; it was signed by another installation'],
    remedies: [
      'See which drivers there are: `netraven drivers list`. Then back up again: `netraven backup run --device {device} --wait`.',
    ],
  },
  PATTERN_INVALID: {
    message: 'Pattern is invalid',
    status: 400,
    retry: 'never',
    causes: ['It is no regular expression, has slashes or flags around it, or takes far too long on some texts'],
    remedies: [
      'Write it alone, such as ^ntp clock-period, and anchor it where you can; it is tried on each whole line.',
      'Give each repetition one way to match only: (a+)+ and .*.*x take for ever on some texts.',
    ],
  },
  PATTERN_UNKNOWN: {
    message: 'Unknown pattern',
    status: 404,
    retry: 'never',
    causes: ['There is no pattern of that id'],
    remedies: ['See what there is: `netraven patterns list`.'],
  },
  PATTERN_TOO_SLOW: {
    message: 'Pattern takes too long',
    status: 500,
    retry: 'never',
    causes: [
      'A pattern of the own driver {driver}, or an own pattern for this device, took longer on the text than it may',
    ],
    remedies: [
      'See the patterns: `netraven drivers show {driver}` and `netraven patterns list`. Give each repetition one way to match only.',
      'Until then go back to the version before: `netraven drivers rollback {driver}`, or take the pattern away: `netraven patterns remove ID`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
