/** What an agent refuses because its own policy file says so. */
import type { FailureEntry } from './entry.ts'

export const policyFailures = {
  POLICY_NETWORK: {
    message: 'Refused by agent policy',
    status: 403,
    retry: 'never',
    causes: ['The address {address} lies outside the networks that agent {agent} may reach'],
    remedies: [
      'Is the address right? `netraven devices show {device}`.',
      'If so, add its network to `networks` in policy.json on the jump host of agent {agent} (site {site}), and restart the agent.',
    ],
  },
  POLICY_DRIVER: {
    message: 'Refused by agent policy',
    status: 403,
    retry: 'never',
    causes: ['Agent {agent} does not allow the driver {driver}', 'It is an own driver, and the agent takes none'],
    remedies: [
      'Add the driver to `drivers` in policy.json on the jump host of agent {agent} (site {site}), and restart the agent.',
      'For an own driver write `"ownDrivers": "allow"` there.',
    ],
  },
  POLICY_TRANSPORT: {
    message: 'Refused by agent policy',
    status: 403,
    retry: 'never',
    causes: [
      'Agent {agent} does not allow the way in {transport}; Telnet and plain HTTP, on which a password can be overheard, must be allowed by name',
    ],
    remedies: [
      'Better: enable SSH on {device}, then `netraven devices set {device} --transport ssh`.',
      'Or add {transport} to `transports` in policy.json on the jump host of agent {agent} (site {site}), and restart the agent.',
    ],
  },
  POLICY_COMMAND: {
    message: 'Refused by agent policy',
    status: 403,
    retry: 'never',
    causes: ['A command stands outside the read-only commands that the agent allows'],
    remedies: [
      'Nothing was sent to the device. Report it with the driver and the command: a driver must only read.',
      'Does it belong to an own driver, and do you know that it only reads? Add it, letter for letter, to `extraCommands` in policy.json on the jump host of agent {agent} (site {site}), and restart the agent.',
    ],
  },
  ARTIFACT_UNMASKABLE: {
    message: 'Artifact not kept: its secrets can’t be masked',
    status: 409,
    retry: 'never',
    causes: ['Secrets of {device} must not leave its site (`secrets: strip`), and {name} can only be kept whole'],
    remedies: [
      'Nothing, if that is what you want: the text of {device} is kept, with its secrets masked.',
      'Keep artifacts, encrypted at rest, with all that is in them: `netraven devices set {device} --secrets keep`, if the policy of agent {agent} (site {site}) allows it.',
    ],
  },
  POLICY_SECRETS: {
    message: 'Refused by agent policy',
    status: 403,
    retry: 'never',
    causes: ['The policy of agent {agent} does not let secrets leave site {site}'],
    remedies: [
      'Let the agent mask them: `netraven devices set {device} --secrets strip`.',
      'Or allow it in policy.json on the jump host of agent {agent}, and restart the agent.',
    ],
  },
  POLICY_INVALID: {
    message: 'Agent policy file is invalid',
    status: 500,
    retry: 'never',
    causes: ['policy.json cannot be read, is not JSON, or has a wrong value'],
    remedies: [
      'Correct the file that the details name; until then the agent does nothing.',
      'Then restart the agent: `systemctl restart netraven-agent`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
