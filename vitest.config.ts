import { defineConfig } from 'vitest/config'

/** One project per kind of test (docs/testing.md); the folder decides the kind. */
const kinds = ['unit', 'property', 'contract', 'architecture', 'api', 'sim', 'e2e'] as const

const timeouts: Record<(typeof kinds)[number], number> = {
  unit: 5_000,
  property: 30_000,
  contract: 120_000,
  architecture: 20_000,
  api: 30_000,
  sim: 300_000,
  e2e: 300_000,
}

export default defineConfig({
  test: {
    projects: kinds.map(kind => ({
      test: {
        name: kind,
        include: [`test/${kind}/**/*.test.ts`],
        testTimeout: timeouts[kind],
        hookTimeout: timeouts[kind],
        fileParallelism: kind !== 'e2e',
      },
    })),
  },
})
