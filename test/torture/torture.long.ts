/** The same for fifteen minutes. */

import { expect, test } from 'vitest';
import { TortureRun } from './torture-run.ts';

const MINUTES = 15;
const SECONDS_A_KILL = 2.2;

test('fifteen minutes of kill -9', { timeout: 30 * 60_000 }, async () => {
  const seed = Date.now() % 2 ** 31;
  const kills = Math.ceil((MINUTES * 60) / SECONDS_A_KILL);
  const run = new TortureRun({ seed, kills, lifeMs: 4000, report: (line) => console.log(line) });
  await run.run();
  console.log(`seed ${seed}, kills: ${JSON.stringify(Object.fromEntries(run.kills))}`);
  expect(run.ledger.violations).toEqual([]);
  expect(run.ledger.committedShare).toBeGreaterThanOrEqual(0.3);
  for (const moment of ['in recovery', 'in retirement', 'while paging'] as const) {
    expect(run.kills.get(moment) ?? 0).toBeGreaterThanOrEqual(3);
  }
});
