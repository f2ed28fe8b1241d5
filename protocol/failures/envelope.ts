/** Signed messages and sealed boxes that are refused. */
import type { FailureEntry } from './entry.ts'

export const envelopeFailures = {
  ENVELOPE_MALFORMED: {
    message: 'Message is malformed',
    status: 400,
    retry: 'never',
    causes: ['The message was cut or altered on the way', 'The other side is not a NetRaven'],
    remedies: [
      'Check for a proxy that alters WebSocket traffic between agent and hub.',
      'Check that agent and hub are of the same or neighbouring versions: `netraven agents list`.',
    ],
  },
  ENVELOPE_VERSION: {
    message: 'Protocol version not served',
    status: 426,
    retry: 'never',
    causes: ['Agent and hub are too many versions apart'],
    remedies: [
      'Update the older of the two: the hub serves the protocol versions {oldest} to {newest}. `netraven agents list` shows versions.',
    ],
  },
  ENVELOPE_UNKNOWN_KEY: {
    message: 'Message signed by an unknown key',
    status: 401,
    retry: 'never',
    causes: [
      'The sender has a key that the receiver has never been told of',
      'Agent or hub was set up anew, or restored from an old backup',
    ],
    remedies: [
      'Enrol the agent again: `netraven enrollment-tokens create --site SITE`, then `netraven-agent enroll --hub URL --token TOKEN` on the jump host.',
    ],
  },
  ENVELOPE_BAD_SIGNATURE: {
    message: 'Message signature is wrong',
    status: 401,
    retry: 'never',
    causes: ['The message was altered on the way, or forged'],
    remedies: [
      'Nothing was done with it. Check for a proxy that alters WebSocket traffic between agent and hub.',
      'If there is none, treat it as an attack on the link.',
    ],
  },
  ENVELOPE_FOREIGN: {
    message: 'Message is for somebody else',
    status: 401,
    retry: 'never',
    causes: [
      'A message for another agent or hub was delivered here',
      'Two agents run with a copy of the same directory',
    ],
    remedies: [
      'Enrol every jump host by itself; never copy the directory of an agent.',
      'Check that the load balancer sends /agent-socket to the hubs of one installation only.',
    ],
  },
  ENVELOPE_SUBJECT: {
    message: 'Message is about something else',
    status: 401,
    retry: 'never',
    causes: ['An answer arrived to another question than was asked: a fault, or a message played again'],
    remedies: ['Nothing was done with it. If it stays, update agent and hub to the same version.'],
  },
  ENVELOPE_EXPIRED: {
    message: 'Message expired',
    status: 401,
    retry: 'backoff',
    causes: ['The clocks of agent and hub differ', 'The message was very long on its way'],
    remedies: ['Compare the clocks: `date -u` on the jump host and on the hub. Set up NTP on both.'],
  },
  ENVELOPE_EARLY: {
    message: 'Message is not valid yet',
    status: 401,
    retry: 'backoff',
    causes: ['The clocks of agent and hub differ'],
    remedies: ['Compare the clocks: `date -u` on the jump host and on the hub. Set up NTP on both.'],
  },
  ENVELOPE_REPLAYED: {
    message: 'Message arrived before',
    status: 401,
    retry: 'never',
    causes: ['A recorded message was played again, or the network delivered one twice'],
    remedies: [
      'Nothing was done with it. If it stays, look for a proxy that repeats traffic, or treat it as an attack on the link.',
    ],
  },
  BODY_INVALID: {
    message: 'Message body is invalid',
    status: 400,
    retry: 'never',
    causes: ['Agent and hub are of versions that do not fit together'],
    remedies: ['Update agent and hub to the same version: `netraven agents list` shows versions.'],
  },
  SEALED_BOX_INVALID: {
    message: 'Sealed credential cannot be opened',
    status: 400,
    retry: 'never',
    causes: ['The credential was sealed for another agent or for older keys of this one', 'The message was altered'],
    remedies: [
      'Restart the agent so that it fetches the task anew: `systemctl restart netraven-agent`.',
      'If it stays, enrol it again: `netraven enrollment-tokens create --site SITE`, then `netraven-agent enroll --hub URL --token TOKEN` on the jump host.',
    ],
  },
  STATEMENT_INVALID: {
    message: 'Backup statement signature is wrong',
    status: 400,
    retry: 'never',
    causes: ['The statement about a backup was altered, or signed by another key than the agent has'],
    remedies: [
      'The report was not taken. Read the device again: `netraven backup run --device {device} --wait`.',
      'If it stays, revoke the agent, and enrol it again: `netraven agents revoke {agent}`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
