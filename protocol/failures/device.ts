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
  JUMP_HOST_FAILED: {
    message: 'Device unreachable',
    status: 502,
    retry: 'backoff',
    causes: ['The way to the device leads over {hop}, which could not be passed; `reason` in the details says why'],
    remedies: [
      'Test the device on the way: `netraven devices test {hop}`.',
      'It must let the user of its credential forward TCP connections (OpenSSH: `AllowTcpForwarding yes`).',
      'Another way: `netraven devices set {device} --via NAME`, or `--via none` when agent {agent} (site {site}) reaches it directly.',
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
  NETCONF_PROTOCOL: {
    message: 'NETCONF protocol error',
    status: 502,
    retry: 'backoff',
    causes: [
      'The device answered on its NETCONF port against the protocol; the details say how',
      'The port belongs to something else than NETCONF',
    ],
    remedies: [
      'On the jump host of agent {agent} (site {site}): `ssh -s -p {port} USER@{address} netconf`. It should print a hello in XML.',
      'Is it the right port? Usually 830: `netraven devices set {device} --port 830`.',
      'Read it over SSH instead: `netraven devices set {device} --transport ssh`.',
    ],
  },
  TLS_UNTRUSTED: {
    message: 'Certificate not trusted',
    status: 502,
    retry: 'never',
    causes: [
      'The device shows a certificate that no authority has signed which the jump host trusts, such as one that it made itself',
      'The certificate has expired, or is for another name than {name}',
      'Another machine answers at this address; no password was sent',
    ],
    remedies: [
      'Compare the key on the device itself with the one in the details, then pin it: `netraven devices set {device} --tls-pin {seen}`.',
      'Or give the authority that signed it: `netraven devices set {device} --tls-ca FILE`, and its name: `--tls-name NAME`.',
    ],
  },
  TLS_PIN_CHANGED: {
    message: 'Certificate changed',
    status: 502,
    retry: 'never',
    causes: [
      'The device was replaced or made a new key',
      'Another machine answers at this address, perhaps to steal the password; none was sent',
    ],
    remedies: [
      'Ask who replaced or reset {device}. Nobody? Treat it as an attack.',
      'Accept it only when you have compared it on the device: `netraven devices set {device} --tls-pin {seen}`.',
    ],
  },
  TLS_LEGACY: {
    message: 'No common TLS version',
    status: 502,
    retry: 'never',
    causes: ['The device has only versions or ciphers of TLS that are no longer considered safe'],
    remedies: [
      'Better: upgrade the device, or make a newer certificate on it.',
      'Or allow old ones for this device alone: `netraven devices set {device} --legacy-algorithms on`.',
    ],
  },
  TLS_HANDSHAKE: {
    message: 'TLS handshake failed',
    status: 502,
    retry: 'backoff',
    causes: ['The port does not speak TLS', 'The device broke off the handshake, or did not answer in time'],
    remedies: [
      'On the jump host of agent {agent} (site {site}): `openssl s_client -connect {address}:{port}`.',
      'Is it the right port and way in? `netraven devices show {device}`; then `netraven devices set {device} --transport NAME --port PORT`.',
    ],
  },
  HTTP_STATUS: {
    message: 'Device answered with an error',
    status: 502,
    retry: 'backoff',
    causes: ['The web server of the device failed or is overloaded; the details have its status and words'],
    remedies: [
      'On the jump host of agent {agent} (site {site}): `curl -v` with the address and the path in the details.',
      'Try again later: `netraven backup run --device {device} --wait`.',
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
