#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say in one line what is wrong.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`netraven-agent needs Node.js 24 or newer; this is ${process.versions.node}. In a clone: npx netraven-agent\n`)
  process.exit(78)
}
await import('./main.ts')
