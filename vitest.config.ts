// SPDX-License-Identifier: EUPL-1.2
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/ts/**/*.test.ts'],
    environment: 'node',
    sequence: { shuffle: true },
    testTimeout: 30_000, // milliseconds: RSA keys are made on shared machines
    hookTimeout: 60_000,
  },
})
