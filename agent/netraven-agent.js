#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say in one line what is wrong.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const args = process.argv.slice(1)
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `netraven-agent needs Node.js 24 or newer; this is ${process.versions.node}. A clone brings it: export PATH="$PWD/node_modules/.bin:$PATH"\n`,
  )
  process.exit(78)
}
// A small agent on a jump host. At 200 sessions its memory goes from 200 MB to 120 with two malloc arenas, a small young
// generation and V8 told to favour size; a backup then costs 5 ms of CPU instead of 4. The young generation has its size from
// the start: V8 would keep it at 1 MiB, and clear it with each second device. Tried and left: a cap on the heap (as
// small, and faster, but a device that pours out 64 MiB would end the process), one shared read buffer for all sockets (no
// difference). They are read when a process begins, so it begins once more, as the same process (execve(2)); what an operator
// sets is left alone. Every command does so: what `enroll` compiled serves the first `run`.
if (process.platform === 'linux' && process.env.MALLOC_ARENA_MAX === undefined) {
  const flags = ['--optimize-for-size', '--min-semi-space-size=4', '--max-semi-space-size=4']
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' }
  process.execve(process.execPath, [process.execPath, ...flags, ...process.execArgv, ...args], env)
}
// ssh2's optional native part ends the whole process on Node 24.19 and later when the garbage collector clears one of its ciphers
// (nodejs/node#65446, mscdex/ssh2#1511). Without it ssh2 uses node:crypto; nothing else here has native parts.
process.dlopen = () => {
  throw new Error('netraven-agent loads no native add-ons')
}
// What was stripped and compiled once is not stripped again: 30 MB less memory, and a start in half the time. The folder
// belongs to the installation; in one that others can write to, such as /tmp, they could plant code.
module.enableCompileCache(fileURLToPath(new URL('../.cache/compile', import.meta.url)))
await import('./main.ts')
