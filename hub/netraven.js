#!/usr/bin/env node
/** Starts the `netraven` command; plain JavaScript, so that a Node.js that is too old can still say so. */
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `Node.js is too old [NODE_TOO_OLD]: this is ${process.version}, NetRaven needs 24; a clone of the repository brings it: export PATH="$PWD/node_modules/.bin:$PATH"\n`,
  )
  process.exitCode = 78
} else {
  const { default: module } = await import('node:module')
  const { fileURLToPath } = await import('node:url')
  // A start in half the time. The folder belongs to the installation: in one that others can write to they could plant code.
  module.enableCompileCache(fileURLToPath(new URL('../.cache/compile', import.meta.url)))
  const { realParts, runCommand } = await import('./cli/main.ts')
  // Whoever reads us may stop reading, as `head` does: that is no failure. A hub goes on without a reader of its log.
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
    if (process.argv[2] !== 'hub') process.exit(0)
  })
  process.exitCode = await runCommand(process.argv.slice(2), realParts(process))
}
