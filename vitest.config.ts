/** Two projects: `unit` beside the code (no other process), `system` in test/ (database, devices, several processes). */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Messages say all of a value: they are read in a log, long after.
    chaiConfig: { truncateThreshold: 0 },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{protocol,agent,hub,scripts}/**/*.test.ts', 'test/architecture.test.ts'],
          pool: 'threads',
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/architecture.test.ts'],
          globalSetup: ['test/global-setup.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
