/** The torture finds what it is there to find: real brokers with one bug each, which is loaded before the program. */

import { expect, test } from 'vitest';
import { type Finding, PROOFS } from './ledger.ts';
import { type Moment, type TortureOptions, TortureRun } from './torture-run.ts';

interface Mutant {
  readonly name: string;
  /** In `mutants/`. */
  readonly file: string;
  readonly finding: Finding;
  readonly foundAs?: RegExp;
  /** At random unless given. */
  readonly moment?: Moment;
}

const MUTANTS: readonly Mutant[] = [
  { name: 'confirms before the write', file: 'late-writes.mjs?files=segment-', finding: 'lost' },
  // The broker notices by itself, and says so: a page that is not what the log says is damaged.
  {
    name: 'pages that are not written yet',
    file: 'late-writes.mjs?files=page-',
    finding: 'misbehaved',
    foundAs: /the broker printed: .*page-\S+ is damaged/,
    moment: 'in page writing',
  },
  { name: 'settles that are lost', file: 'lost-settles.mjs', finding: 'returned' },
  { name: 'redelivery that is not marked', file: 'silent-redelivery.mjs', finding: 'silently repeated' },
];
const KILLS = 3;

test.each(MUTANTS)('finds $name', { timeout: 300_000 }, async ({ file, finding, foundAs, moment = 'at random' }) => {
  const run = brokenRun(file, { moments: [moment], stopAt: finding });
  await run.run();
  expect([...run.ledger.findings.keys()]).toContain(finding);
  if (foundAs !== undefined) expect(run.ledger.told.join('\n')).toMatch(foundAs);
});

test('finds settles that are held back, by each of the proofs', { timeout: 300_000 }, async () => {
  const run = brokenRun('late-settles.mjs', { moments: ['at random'] });
  await run.run();
  expect(PROOFS.filter((proof) => run.ledger.returned[proof] === 0)).toEqual([]);
});

function brokenRun(file: string, options: Pick<TortureOptions, 'moments' | 'stopAt'>): TortureRun {
  return new TortureRun({
    seed: Date.now() % 2 ** 31,
    kills: KILLS,
    lifeMs: 1200,
    preloads: [new URL(`./mutants/${file}`, import.meta.url).href],
    report: (line) => console.log(line),
    ...options,
  });
}
