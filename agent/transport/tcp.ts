/** A TCP connection; every way to fail gets its code. */
import type { Socket } from 'node:net'
import { Failure } from '@netraven/protocol/failure.ts'
import { systemClock } from '../clock.ts'
import { reasonOf } from '../conversation.ts'
import type { ConnectParts } from '../target.ts'
import { PacketSocket } from './packet-socket.ts'
import { failureCodeOf } from './socket-error.ts'

/**
 * Connects. Aborting the signal later destroys the socket.
 * @param timeoutMs for the connection
 * @throws Failure NO_ROUTE, TCP_TIMEOUT, PORT_REFUSED, or the reason of the signal
 */
export function connectTcp(
  { address, port, timeoutMs }: { readonly address: string; readonly port: number; readonly timeoutMs: number },
  { signal, clock = systemClock, ladder }: Pick<ConnectParts, 'signal' | 'clock' | 'ladder'>,
): Promise<Socket> {
  const startedMs = clock.nowMs()
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal))
      return
    }
    const socket = new PacketSocket()
    const abort = () => {
      socket.destroy()
      fail(reasonOf(signal))
    }
    const fail = (reason: Error) => {
      cancel()
      signal.removeEventListener('abort', abort)
      socket.destroy()
      reject(reason)
    }
    const where = () => ({ address, port, elapsedMs: Math.round(clock.nowMs() - startedMs) })
    const cancel = clock.after(timeoutMs, () => fail(new Failure('TCP_TIMEOUT', where())))
    const refused = (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? 'unknown'
      fail(new Failure(failureCodeOf(reason), { ...where(), reason }, { cause: error }))
    }
    signal.addEventListener('abort', abort, { once: true })
    ladder?.enter('tcp')
    socket.once('error', refused)
    socket.once('close', () => signal.removeEventListener('abort', abort))
    socket.setNoDelay(true)
    socket.connect({ host: address, port }, () => {
      cancel()
      socket.off('error', refused)
      ladder?.pass('tcp', `${address} port ${port}`)
      resolve(socket)
    })
  })
}
