/** A broker that is killed twenty times loses nothing that it confirmed, and gives nothing back that was settled. */

import { expect, test } from 'vitest';
import { TortureRun } from './torture-run.ts';

const KILLS = 20;

test('what was confirmed survives kill -9, and what was settled does not come back', { timeout: 600_000 }, async () => {
  const seed = Date.now() % 2 ** 31;
  const run = new TortureRun({ seed, kills: KILLS, lifeMs: 2000, report: (line) => console.log(line) });
  await run.run();
  expect(run.ledger.told).toEqual([]);
  expect(run.ledger.committedShare).toBeGreaterThanOrEqual(0.3);
  for (const moment of ['in recovery', 'in retirement', 'in page writing'] as const) {
    expect(run.kills[moment]).toBeGreaterThanOrEqual(3);
  }
});
