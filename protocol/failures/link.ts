/** Between hub and agent: the connection, leases, the spool. */
import type { FailureEntry } from './entry.ts'

export const linkFailures = {
  LINK_DOWN: {
    message: 'Hub out of reach',
    status: 503,
    retry: 'backoff',
    causes: [
      'The connection between agent and hub is interrupted, or a firewall or proxy blocks it',
      'The hub is restarting',
      'The address of the hub is wrong',
    ],
    remedies: [
      'A running agent connects again by itself and keeps its results meanwhile; an enrolment is simply repeated.',
      'If it stays, on the jump host of agent {agent} (site {site}): `curl {hub}/api/health`.',
      'Look at the last lines of the agent: `journalctl -u netraven-agent -n 50`.',
    ],
  },
  LINK_TIMEOUT: {
    message: 'Hub did not answer',
    status: 504,
    retry: 'backoff',
    causes: ['The hub or its database is overloaded', 'Messages are lost on the way'],
    remedies: [
      'Ask the hub how it is: `curl {hub}/api/health`.',
      'The agent asks again by itself; results wait on its disk.',
    ],
  },
  HELLO_REQUIRED: {
    message: 'Say hello first',
    status: 401,
    retry: 'backoff',
    causes: ['The hub was restarted and does not know this connection any more'],
    remedies: [
      'Nothing to do: the agent greets the hub again by itself.',
      'If it stays, restart the agent: `systemctl restart netraven-agent`.',
    ],
  },
  HUB_UNTRUSTED: {
    message: 'Hub key is not the enrolled one',
    status: 401,
    retry: 'never',
    causes: [
      'The address leads to another hub than the one that the agent was enrolled at',
      'The hub was set up anew, with new keys',
      'Somebody stands between agent and hub',
    ],
    remedies: [
      'Check the hub address of agent {agent} and where it leads.',
      'If the hub was set up anew: make a token with `netraven enrollment-tokens create --site SITE`, then `netraven-agent enroll --hub URL --token TOKEN` on the jump host.',
    ],
  },
  HUB_TLS: {
    message: 'Hub certificate not trusted',
    status: 502,
    retry: 'never',
    causes: ['The certificate of the hub is expired, for another name, or from an unknown authority'],
    remedies: [
      'Look at it from the jump host: `openssl s_client -connect HOST:443 -servername HOST </dev/null`.',
      'Certificate of your own authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem in the environment of agent or command line.',
      'Expired: renew it on the hub or its load balancer.',
    ],
  },
  HUB_PLAINTEXT: {
    message: 'Refusing a connection without TLS',
    status: 400,
    retry: 'never',
    causes: ['The address of the hub begins with http:// and is not this machine'],
    remedies: ['Use https://. A load balancer or reverse proxy with a certificate in front of the hub is enough.'],
  },
  AGENT_OFFLINE: {
    message: 'Agent offline',
    status: 503,
    retry: 'backoff',
    causes: ['No agent of the site is connected', 'The jump host is down, or its way to the hub is blocked'],
    remedies: [
      'The device itself was not tried. Last seen at site {site}: {lastSeen}.',
      'See which agents are there and when they were last seen: `netraven agents list`.',
      'On the jump host: `systemctl status netraven-agent`, and `journalctl -u netraven-agent -n 50`.',
      'Queued tasks start by themselves as soon as an agent of site {site} is back.',
    ],
  },
  AGENT_TOO_OLD: {
    message: 'Agent too old',
    status: 409,
    retry: 'never',
    causes: ['The agents of the site that are online are older than the hub and can’t do what was asked'],
    remedies: [
      'See the versions: `netraven agents list`.',
      'Update an agent of site {site} to the version of the hub; it finishes what it reads, and nothing is lost.',
    ],
  },
  TASK_NOT_HELD: {
    message: 'Task is not held by this agent',
    status: 409,
    retry: 'never',
    causes: ['The lease ran out, and the task was given to another agent or attempt', 'The task was cancelled'],
    remedies: [
      'Nothing to do: the holder of the newest attempt reports the device.',
      'If it happens often, check the connection and the load of agent {agent}: `netraven agents show {agent}`.',
    ],
  },
  TASK_REPEATED: {
    message: 'Task was already done',
    status: 409,
    retry: 'never',
    causes: ['The hub, or somebody with its messages, handed out a finished task again'],
    remedies: ['Nothing was read twice. If it stays, check that only your own hubs use this database.'],
  },
  TASK_LOST: {
    message: 'Worker process died without updating job status',
    status: 504,
    retry: 'backoff',
    causes: [
      'Worker process died without updating job status: the agent was killed, or lost its power or its network, on every attempt',
    ],
    remedies: [
      'On the jump host of agent {agent}: `systemctl status netraven-agent`, and `journalctl -u netraven-agent -n 200` around the time of the last attempt.',
      'Check that the jump host has sufficient memory and CPU resources.',
      'Back the device up again: `netraven backup run --device {device} --wait`.',
    ],
  },
  TRANSMISSION_CORRUPT: {
    message: 'Content hash mismatch',
    status: 422,
    retry: 'backoff',
    causes: ['Corrupted file: the text was corrupted during transmission'],
    remedies: [
      'Nothing wrong was stored; the agent sends it again from its spool.',
      'If it stays, read the device again: `netraven backup run --device {device} --wait`, and check the disk of the jump host.',
    ],
  },
  CONTENT_OUT_OF_ORDER: {
    message: 'Content part out of order',
    status: 409,
    retry: 'backoff',
    causes: ['The connection broke off while a large configuration was sent', 'The agent now talks to another hub'],
    remedies: ['Nothing to do: the agent sends the whole text again.'],
  },
  SPOOL_FULL: {
    message: 'Agent spool is full',
    status: 507,
    retry: 'backoff',
    causes: ['The hub has been out of reach for long', 'The disk of the jump host is full'],
    remedies: [
      'Free up disk space on the jump host of agent {agent}: `df -h`.',
      'Bring back the connection to the hub; results drain by themselves and reading goes on.',
    ],
  },
  SPOOL_CORRUPT: {
    message: 'Agent spool entry is damaged',
    status: 500,
    retry: 'never',
    causes: ['The disk of the jump host is damaged, or a file in the spool was altered'],
    remedies: [
      'The damaged file was set aside, not sent. Read the device again: `netraven backup run --device {device} --wait`.',
      'Check the disk of the jump host: `dmesg | grep -i error`.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
