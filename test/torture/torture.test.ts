/** A broker that is killed twenty times loses nothing that it confirmed, and gives nothing back that was settled. */

import { expect, test } from 'vitest';
import { TortureRun } from './torture-run.ts';

const KILLS = 20;

test('what was confirmed survives kill -9, and what was settled does not come back', { timeout: 180_000 }, async () => {
  const seed = Date.now() % 2 ** 31;
  const run = new TortureRun({ seed, kills: KILLS, lifeMs: 2000, report: (line) => console.log(line) });
  await run.run();
  console.log(`seed ${seed}, kills: ${JSON.stringify(Object.fromEntries(run.kills))}`);
  expect(run.ledger.violations).toEqual([]);
  expect(run.ledger.committedShare).toBeGreaterThanOrEqual(0.3);
});
