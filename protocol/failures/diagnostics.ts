/** Looking at a target from where an agent stands. */
import type { FailureEntry } from './entry.ts'

export const diagnosticsFailures = {
  PING_UNAVAILABLE: {
    message: 'Ping is not possible from this agent',
    status: 409,
    retry: 'never',
    causes: [
      'The jump host has no program `ping`',
      'The system does not permit its user to send echo requests; `reason` in the details has its words',
    ],
    remedies: [
      'Look at a management port instead, which says more than an echo: `netraven agents tcp {agent} {address} --port 22`.',
      'Install it on the jump host of agent {agent} (site {site}): `apt install iputils-ping`, or the package `iputils`.',
      'Permit it there: `sysctl -w net.ipv4.ping_group_range="0 2147483647"`.',
    ],
  },
  DIAGNOSTIC_BUSY: {
    message: 'Agent is looking at something else',
    status: 409,
    retry: 'backoff',
    causes: [
      'Somebody has asked agent {agent} to look at a target; it looks at one at a time, for at most ten seconds',
    ],
    remedies: ['Ask again in a few seconds.'],
  },
  DIAGNOSTIC_UNANSWERED: {
    message: 'Agent did not answer in time',
    status: 504,
    retry: 'backoff',
    causes: [
      'The agent lost its link to the hub, or was stopped while it looked',
      'The jump host or its way to the hub is overloaded',
    ],
    remedies: [
      'Ask again. Is it still there? `netraven agents show {agent}`.',
      'On the jump host of agent {agent} (site {site}): `journalctl -u netraven-agent -n 50`.',
    ],
  },
  TARGET_INVALID: {
    message: 'Not a host name or an address',
    status: 400,
    retry: 'never',
    causes: ['The target is neither an IP address nor a host name, so the agent looked nothing up and sent nothing'],
    remedies: [
      'Give one host name or one IP address, without a port or a scheme: `netraven agents dns {agent} sw1.example.net`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
