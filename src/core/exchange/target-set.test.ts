/** The set of queues that one message goes to. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testQueue } from './exchange.test-suite.ts';
import { TargetSet } from './target-set.ts';

test('it holds each queue once, in the order of first mention, however often it is used again', () => {
  const queues = Array.from({ length: 40 }, (_, index) => testQueue(`q${index}`));
  const additions = fc.array(fc.constantFrom(...queues), { maxLength: 120, size: 'max' });
  fc.assert(
    fc.property(fc.array(additions, { maxLength: 5 }), (rounds) => {
      const targets = new TargetSet();
      for (const round of rounds) {
        targets.clear();
        for (const queue of round) targets.addQueue(queue);
        expect(targets.toArray()).toEqual([...new Set(round)]);
        expect(targets.size).toBe(new Set(round).size);
      }
    }),
  );
});

test('what was copied out stays when the set is used again', () => {
  const targets = new TargetSet();
  const [first, second] = [testQueue('first'), testQueue('second')];
  targets.addQueue(first);
  const copy = targets.toArray();
  targets.clear();
  targets.addQueue(second);
  expect(copy).toEqual([first]);
});
