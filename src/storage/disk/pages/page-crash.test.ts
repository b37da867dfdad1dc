/** The power goes at any moment, while pages are written, noted, read and removed. */

import { describe, expect, test } from 'vitest';
import { runPagedSeeds } from '../../../../test/support/paged-run.ts';

const SEEDS = 12;
const TIMEOUT_MS = 120_000;

describe('pages and the power', () => {
  test(
    'what was confirmed comes back in order and what was settled does not',
    () => {
      const seen = runPagedSeeds({ first: 1, count: SEEDS });
      const { crashes, pagesWritten, pagesRestored, redelivered } = seen;
      expect(Math.min(crashes, pagesWritten, pagesRestored, redelivered)).toBeGreaterThan(SEEDS);
    },
    TIMEOUT_MS,
  );

  test(
    'the same holds on a disk that fails and stalls',
    () => {
      const faults = { sync: 20, syncNames: 20, write: 20, stall: 20, open: 30, read: 100 };
      const seen = runPagedSeeds({ first: 1000, count: SEEDS, faults });
      expect(Math.min(seen.crashes, seen.pagesRestored, seen.faults)).toBeGreaterThan(SEEDS / 2);
    },
    TIMEOUT_MS,
  );
});
