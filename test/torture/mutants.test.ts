/** The torture finds what it is there to find: real brokers with one bug each, which is loaded before the program. */

import { expect, test } from 'vitest';
import type { Finding } from './ledger.ts';
import { type Moment, TortureRun } from './torture-run.ts';

interface Mutant {
  readonly name: string;
  /** In `mutants/`. */
  readonly file: string;
  readonly finding: Finding;
  /** At random unless given. */
  readonly moment?: Moment;
}

const MUTANTS: readonly Mutant[] = [
  { name: 'confirms before the write', file: 'late-writes.mjs?files=segment-', finding: 'lost' },
  {
    name: 'pages that are not written yet',
    file: 'late-writes.mjs?files=page-',
    finding: 'lost',
    moment: 'in page writing',
  },
  { name: 'settles that are held back', file: 'late-settles.mjs', finding: 'returned' },
  { name: 'settles that are lost', file: 'lost-settles.mjs', finding: 'returned' },
  { name: 'redelivery that is not marked', file: 'silent-redelivery.mjs', finding: 'silently repeated' },
];
const KILLS = 3;

test.each(MUTANTS)('finds $name', { timeout: 120_000 }, async ({ file, finding, moment = 'at random' }) => {
  const run = new TortureRun({
    seed: Date.now() % 2 ** 31,
    kills: KILLS,
    lifeMs: 1200,
    moments: [moment],
    preloads: [new URL(`./mutants/${file}`, import.meta.url).href],
    stopAt: finding,
    report: (line) => console.log(line),
  });
  await run.run();
  expect([...run.ledger.findings.keys()]).toContain(finding);
});
