/** A real NETCONF server: Debian's netconfd behind Debian's OpenSSH, with a configuration of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenSshPeer, startOpenSsh } from './openssh.ts'
import { endAll, makeFolder, until } from './programs.ts'

/** What is configured in it (module ietf-system, RFC 7317). */
export const CONFIGURED = `<system xmlns="urn:ietf:params:xml:ns:yang:ietf-system">
  <contact>noc &amp; friends, password desk</contact>
  <hostname>nc1</hostname>
  <radius><server><name>r1</name><udp><address>192.0.2.9</address><shared-secret>r4dius-key</shared-secret></udp></server></radius>
  <authentication><user><name>ops</name><password>$6$saltsalt$rk4Fxd7EY5QQ0JEaLnYZlIv.sRknRleE83xAXoHvlNlE9N83amgAhuFhewMIWZnt/cMGKmlv2F1Tu5KkC8b7w0</password></user></authentication>
</system>`

const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0'

export interface NetconfdPeer {
  readonly ssh: OpenSshPeer
  stop(): Promise<void>
}

export async function startNetconfd(): Promise<NetconfdPeer> {
  const folder = await makeFolder()
  const socket = join(folder, 'ncx.sock')
  const entry = join(folder, 'netconf')
  // The subsystem must name the port that the connection came in on.
  await writeFile(
    entry,
    `#!/bin/sh\nexec /usr/sbin/netconf-subsystem --ncxserver-sockname="$\{SSH_CONNECTION##* }@${socket}"\n`,
    { mode: 0o755 },
  )
  const ssh = await startOpenSsh({ config: [`Subsystem netconf ${entry}`] })
  const daemon = spawn(
    '/usr/sbin/netconfd',
    [
      '--no-startup',
      '--module=ietf-system',
      `--superuser=${ssh.user.name}`,
      '--access-control=off',
      `--ncxserver-sockname=${socket}`,
      `--port=${ssh.port}`,
      '--log-level=off',
    ],
    { stdio: 'ignore', cwd: folder, env: { HOME: folder } },
  )
  const stop = async () => {
    await ssh.stop()
    if (daemon.pid !== undefined) await endAll({ root: daemon.pid })
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const gone = once(daemon, 'exit').then(() => Promise.reject(new Error('netconfd ended')))
    gone.catch(() => undefined)
    await Promise.race([
      gone,
      until('the socket of netconfd', () =>
        access(socket).then(
          () => true,
          () => undefined,
        ),
      ),
    ])
    await configure(socket, ssh)
    return { ssh, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** By the way that sshd goes, but without it. */
async function configure(socket: string, ssh: OpenSshPeer): Promise<void> {
  const rpcs = [
    `<edit-config><target><candidate/></target><config>${CONFIGURED}</config></edit-config>`,
    '<commit/>',
    '<close-session/>',
  ]
  const hello = `<hello xmlns="${BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>`
  const messages = [hello, ...rpcs.map((rpc, id) => `<rpc message-id="${id}" xmlns="${BASE}">${rpc}</rpc>`)]
  const child = spawn('/usr/sbin/netconf-subsystem', [`--ncxserver-sockname=${ssh.port}@${socket}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { SSH_CONNECTION: `127.0.0.1 1 127.0.0.1 ${ssh.port}`, USER: ssh.user.name, HOME: ssh.folder },
  })
  let said = ''
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString()
  })
  // It wants one message at a time.
  const answers = () => said.split(']]>]]>').length - 1
  for (const [index, message] of messages.entries()) {
    child.stdin.write(`<?xml version="1.0" encoding="UTF-8"?>\n${message}]]>]]>`)
    await until('an answer of netconfd', () => (answers() > index ? true : undefined))
  }
  if (said.includes('<rpc-error>')) throw new Error(said)
  child.kill()
}
