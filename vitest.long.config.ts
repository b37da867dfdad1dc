/**
 * What `npm run test:long` runs: whole-broker runs that take minutes, one file at a time, so that they do not disturb
 * each other's figures.
 */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.long.ts'],
    testTimeout: 3_600_000,
    fileParallelism: false,
    passWithNoTests: true,
  },
});
