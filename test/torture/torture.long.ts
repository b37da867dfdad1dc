/** The same for fifteen minutes. */

import { expect, test } from 'vitest';
import { TortureRun } from './torture-run.ts';

const MINUTES = 15;

test('fifteen minutes of kill -9', { timeout: 40 * 60_000 }, async () => {
  const seed = Date.now() % 2 ** 31;
  const run = new TortureRun({ seed, minutes: MINUTES, lifeMs: 4000, report: (line) => console.log(line) });
  await run.run();
  expect(run.ledger.told).toEqual([]);
  expect(run.ledger.committedShare).toBeGreaterThanOrEqual(0.3);
  for (const moment of ['in recovery', 'in retirement', 'in page writing'] as const) {
    expect(run.kills[moment]).toBeGreaterThanOrEqual(3);
  }
});
