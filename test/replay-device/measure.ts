/** What a replayed device costs: logs in to a fleet with bare ssh2, types seven lines, and prints JSON. */
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import ssh2 from 'ssh2'
import { type ReplayedDevice, startReplayProcess } from './replay-process.ts'

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '300' },
    sessions: { type: 'string', default: '50' },
    help: { type: 'boolean', default: false },
  },
})

const TYPED = ['enable', 'fleet-enable', 'terminal length 0', 'terminal width 0', 'show version', 'show running-config']

/** @returns bytes of output */
function visit({ address, port }: ReplayedDevice): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    let bytes = 0
    client.on('connect', () => client.setNoDelay(true))
    client.on('error', reject)
    client.on('close', () => resolve(bytes))
    client.on('ready', () => {
      client.shell({ term: 'vt100', rows: 0, cols: 511 }, (error, channel) => {
        if (error) {
          reject(error)
          return
        }
        const left = [...TYPED, 'exit']
        let seen = ''
        channel.on('data', (data: Buffer) => {
          bytes += data.length
          seen = (seen + data.toString('latin1')).slice(-80)
          if (!/(?:^|\n)(?:dev\d+[>#]|Password: )$/.test(seen)) return
          seen = ''
          channel.write(`${left.shift()}\n`)
        })
        channel.on('close', () => client.end())
      })
    })
    client.connect({ host: address, port, username: 'netraven', password: 'replay-password' })
  })
}

function nativeCrypto(): boolean {
  try {
    createRequire(import.meta.url)('ssh2/lib/protocol/crypto/build/Release/sshcrypto.node')
    return true
  } catch {
    return false
  }
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write('Usage: node test/replay-device/measure.ts [--devices 300] [--sessions 50]\n')
    return
  }
  const fleet = await startReplayProcess(['--count', values.devices])
  const round = async () => {
    const before = await fleet.usage()
    const ownBefore = process.cpuUsage()
    const startMs = performance.now()
    const queue = [...fleet.devices]
    let bytes = 0
    const work = async () => {
      for (let device = queue.pop(); device; device = queue.pop()) {
        const read = await visit(device)
        bytes += read
      }
    }
    await Promise.all(Array.from({ length: Number(values.sessions) }, work))
    const seconds = (performance.now() - startMs) / 1000
    const { cpuMs, residentMb } = await fleet.usage()
    const own = process.cpuUsage(ownBefore)
    const each = (ms: number) => Math.round((ms / fleet.devices.length) * 100) / 100
    return {
      devicesPerSecond: Math.round(fleet.devices.length / seconds),
      replayCpuMsPerDevice: each(cpuMs - before.cpuMs),
      replayDevicesPerCoreSecond: Math.round(1000 / each(cpuMs - before.cpuMs)),
      clientCpuMsPerDevice: each((own.user + own.system) / 1000),
      bytesPerDevice: Math.round(bytes / fleet.devices.length),
      replayResidentMb: residentMb,
    }
  }
  const first = await round()
  const second = await round()
  await fleet.stop()
  process.stdout.write(
    `${JSON.stringify({ devices: fleet.devices.length, nativeCrypto: nativeCrypto(), first, second }, null, 2)}\n`,
  )
}

await main()
