/** What was asked of the hub, or of the command line, and cannot be had. */
import type { FailureEntry } from './entry.ts'

export const requestsFailures = {
  REQUEST_INVALID: {
    message: 'Request is invalid',
    status: 400,
    retry: 'never',
    causes: ['A field of the request is missing or has a wrong value'],
    remedies: ['Correct the fields that the details list; the schema of each endpoint is at /api/openapi.json.'],
  },
  REQUEST_TOO_LARGE: {
    message: 'Request is too large',
    status: 413,
    retry: 'never',
    causes: ['The body of the request is larger than the hub accepts'],
    remedies: ['Send less at once; cut a device list into several files.'],
  },
  NOT_FOUND: {
    message: 'Not found',
    status: 404,
    retry: 'never',
    causes: ['There is nothing at this address, or it was removed', 'The hub is older than what asks it'],
    remedies: ['Check the path against /api/openapi.json, and the id against the list that it came from.'],
  },
  ALREADY_EXISTS: {
    message: 'Already exists',
    status: 409,
    retry: 'never',
    causes: ['Something of this kind has that name already'],
    remedies: ['Choose another name, or change what exists with the `set` command of the same noun.'],
  },
  IN_USE: {
    message: 'Still in use',
    status: 409,
    retry: 'never',
    causes: ['Something else refers to it; the details say what'],
    remedies: ['Remove or change what refers to it first, then try again.'],
  },
  VIA_INVALID: {
    message: 'Not a way to the device',
    status: 422,
    retry: 'never',
    causes: ['The device can’t be reached over {via}: {reason}'],
    remedies: [
      'A device on the way stands at the same site, is reached by SSH itself, and does not lead back: `netraven devices show {via}`.',
    ],
  },
  CSV_INVALID: {
    message: 'CSV file is invalid',
    status: 400,
    retry: 'never',
    causes: ['The file has no header row, or a row has a wrong value'],
    remedies: [
      'Correct the lines that are listed; the good ones were loaded, and loading them again does no harm.',
      'Columns, in any order: name,address,port,driver,transport,username,password,enable,credential,site,group.',
      'Try it first without changing anything: `netraven devices import FILE.csv --dry-run`.',
    ],
  },
  NO_DEVICES: {
    message: 'No devices to back up',
    status: 409,
    retry: 'never',
    causes: ['No device fits what was asked for'],
    remedies: [
      'See what there is: `netraven devices list`.',
      'Add devices: `netraven devices import FILE.csv --site NAME`.',
    ],
  },
  SITE_UNKNOWN: {
    message: 'Unknown site',
    status: 404,
    retry: 'never',
    causes: ['There is no site of that name'],
    remedies: ['See what there is: `netraven sites list`.', 'Add it: `netraven sites add NAME`.'],
  },
  DEVICE_UNKNOWN: {
    message: 'Unknown device',
    status: 404,
    retry: 'never',
    causes: ['There is no device of that name, or it was removed'],
    remedies: ['See what there is: `netraven devices list`.'],
  },
  AGENT_NOT_FOUND: {
    message: 'Unknown agent',
    status: 404,
    retry: 'never',
    causes: ['There is no agent of that name'],
    remedies: ['See what there is: `netraven agents list`.'],
  },
  CREDENTIAL_UNKNOWN: {
    message: 'Unknown credential',
    status: 404,
    retry: 'never',
    causes: ['There is no credential of that name'],
    remedies: [
      'See what there is: `netraven credentials list`.',
      'Add it: `netraven credentials add NAME --username USER --password-stdin`.',
    ],
  },
  CREDENTIAL_INVALID: {
    message: 'Credential is invalid',
    status: 400,
    retry: 'never',
    causes: ['Neither a password nor a key was given', 'The private key cannot be read, or its passphrase is wrong'],
    remedies: [
      'Give one of `--password-stdin` and `--key FILE`.',
      'Check the key file: `ssh-keygen -y -f FILE` must print the public key.',
    ],
  },
  NOT_TESTED: {
    message: 'Device was not tested yet',
    status: 404,
    retry: 'never',
    causes: ['Nobody asked for a test of this device'],
    remedies: ['Test it: `netraven devices test {device}`.'],
  },
  TASK_NOT_CLAIMED: {
    message: 'No agent took the task',
    status: 504,
    retry: 'backoff',
    causes: [
      'The agents of the site are online, but were busy until the deadline of the run',
      'None of them knows the way in of the device, or what was asked: they are older than the hub',
    ],
    remedies: [
      'See how busy the agents of site {site} are, and their versions: `netraven agents list`.',
      'Read fewer devices at once, or raise NETRAVEN_CONCURRENCY on the jump host.',
      'Update the agents of site {site} to the version of the hub.',
    ],
  },
  RUN_UNKNOWN: {
    message: 'Unknown run',
    status: 404,
    retry: 'never',
    causes: ['There is no run with that id'],
    remedies: ['Start one: `netraven backup run --all --wait --json` prints its id.'],
  },
  RUN_DEADLINE: {
    message: 'Run deadline passed',
    status: 504,
    retry: 'backoff',
    causes: [
      'The run was not through after the time that a run may take',
      'An agent was offline, so its devices waited',
    ],
    remedies: [
      'See whether all agents are online: `netraven agents list`.',
      'Start another run for the rest: `netraven backup run --site SITE --wait`.',
    ],
  },
  NOT_LOGGED_IN: {
    message: 'Not logged in',
    status: 401,
    retry: 'never',
    causes: ['The command line knows no hub yet, or its token has expired'],
    remedies: ['Log in: `netraven login --hub URL --user NAME`.'],
  },
  HUB_UNREACHABLE: {
    message: 'Hub out of reach',
    status: 503,
    retry: 'backoff',
    causes: ['The hub is not running, or the address is wrong', 'A firewall or proxy stands between'],
    remedies: [
      'Ask the hub: `curl {hub}/api/health`.',
      'Is it running? `systemctl status netraven-hub` on its machine.',
      'Wrong address? `netraven login --hub URL --user NAME`.',
    ],
  },
  USAGE: {
    message: 'Wrong usage',
    status: 400,
    retry: 'never',
    causes: ['A command, an option or a value is not known'],
    remedies: ['See what is possible: `netraven --help`, and `--help` behind each command.'],
  },
} as const satisfies Record<string, FailureEntry>
