/** Reaching a device, up to an open session. Decided by the agent. */
import type { FailureEntry } from './entry.ts'

export const deviceFailures = {
  DNS_FAILED: {
    message: 'Device unreachable',
    status: 502,
    retry: 'backoff',
    causes: ['Incorrect device IP or hostname', 'The name server that the agent uses does not answer'],
    remedies: [
      'Verify the device IP address or hostname is correct: `netraven devices show {device}`.',
      'On the jump host of agent {agent} (site {site}): `getent hosts {address}`.',
      'Store an IP address instead: `netraven devices set {device} --address ADDRESS`.',
    ],
  },
  NO_ROUTE: {
    message: 'Device unreachable',
    status: 502,
    retry: 'backoff',
    causes: ['Network connectivity: the network of agent {agent} has no way to the device', 'Incorrect device IP'],
    remedies: [
      'On the jump host of agent {agent} (site {site}): `ip route get {address}`.',
      'Verify the address: `netraven devices show {device}`; if another site reaches it: `netraven devices set {device} --site SITE`.',
    ],
  },
  TCP_TIMEOUT: {
    message: 'Device unreachable',
    status: 502,
    retry: 'backoff',
    causes: [
      'A firewall drops the connection',
      'The device is powered off or its address is wrong',
      'High latency or packet loss',
    ],
    remedies: [
      'On the jump host of agent {agent} (site {site}): `nc -vz -w 10 {address} {port}`. Silence means a firewall or a dead device.',
      'Check the firewall rules between the jump host and {address}, port {port}.',
      'Ensure the device is powered on and operational.',
    ],
  },
  PORT_REFUSED: {
    message: 'Device unreachable',
    status: 502,
    retry: 'backoff',
    causes: ['SSH/NETCONF port not open: the device is up, but the service is not enabled', 'Wrong port'],
    remedies: [
      'Check device configuration to ensure the service is enabled (SSH: 22, NETCONF: 830).',
      'On the jump host of agent {agent} (site {site}): `nc -vz {address} {port}`.',
      'If SSH listens elsewhere: `netraven devices set {device} --port PORT`.',
    ],
  },
  BANNER_TIMEOUT: {
    message: 'Device unreachable',
    status: 502,
    retry: 'backoff',
    causes: [
      'The port is open, but nothing on it speaks SSH',
      'All login lines (VTY) of the device are taken',
      'The device is overloaded',
    ],
    remedies: [
      'On the jump host of agent {agent} (site {site}): `ssh -v -p {port} {address}`. It should show the server version at once.',
      'Free login lines on the device, or wait until its idle sessions end.',
      'Slow device: `netraven devices set {device} --connect-timeout SECONDS`.',
    ],
  },
  CONNECTION_LOST: {
    message: 'Device connection lost',
    status: 502,
    retry: 'backoff',
    causes: [
      'Unstable connection: network instability between agent and device',
      'The device ended the session or restarted',
    ],
    remedies: [
      'Check for packet loss or high latency between agent {agent} (site {site}) and {address}.',
      'Try again later: `netraven backup run --device {device} --wait`.',
      "Look into the device's own log for the end of the session.",
    ],
  },
  SSH_LEGACY_ALGOS: {
    message: 'No common SSH algorithm',
    status: 502,
    retry: 'never',
    causes: ['The device offers only SSH algorithms that are no longer considered safe; the details list them'],
    remedies: [
      'Better: upgrade the device or generate a newer host key and enable newer algorithms on it.',
      'Or allow old algorithms for this device alone: `netraven devices set {device} --legacy-algorithms on`.',
    ],
  },
  SSH_PROTOCOL: {
    message: 'SSH protocol error',
    status: 502,
    retry: 'backoff',
    causes: [
      'The SSH server of the device broke off or answered against the protocol',
      'Something between agent and device alters the connection',
    ],
    remedies: [
      'On the jump host of agent {agent} (site {site}): `ssh -v -p {port} {address}`, and compare where it stops.',
      'Try again: `netraven backup run --device {device} --wait`. If it stays, check the software version of the device for known SSH faults.',
    ],
  },
  HOST_KEY_CHANGED: {
    message: 'Host key changed',
    status: 502,
    retry: 'never',
    causes: [
      'The device was replaced or generated a new host key',
      'Another machine answers at this address, perhaps to steal the password; none was sent',
    ],
    remedies: [
      'Ask who replaced or reset {device}. Nobody? Treat it as an attack.',
      'Compare the key on the device console with the one in the details.',
      'Accept it only then: `netraven devices set {device} --host-key SHA256:…` with the key that you compared.',
    ],
  },
  CHANNEL_REFUSED: {
    message: 'Device refused a session',
    status: 502,
    retry: 'backoff',
    causes: ['The device allows no further session', 'The user may log in but may not open a shell or run commands'],
    remedies: [
      'End idle sessions on {device}, then: `netraven backup run --device {device} --wait`.',
      'Check that the user of credential {credential} has a login shell on the device.',
    ],
  },
} as const satisfies Record<string, FailureEntry>
