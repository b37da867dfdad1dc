/**
 * What `vitest run` runs: unit tests beside their files, and the tests in `test/` that span folders.
 * Long runs are apart, in `vitest.long.config.ts`.
 */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    testTimeout: 30_000,
  },
});
