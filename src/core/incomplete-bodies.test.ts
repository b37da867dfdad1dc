/** Bodies that are half received: what they hold, and who goes first. */

import { expect, test } from 'vitest';
import { IncompleteBodies, type IncompleteBody } from './incomplete-bodies.ts';

function bodies(...sizes: readonly number[]) {
  const incomplete = new IncompleteBodies();
  const refused: number[] = [];
  const all = sizes.map((heldBytes) => {
    const body: IncompleteBody = {
      heldBytes,
      refuse: () => {
        refused.push(heldBytes);
        incomplete.remove(body);
      },
    };
    incomplete.add(body);
    incomplete.heldBytes += heldBytes;
    return body;
  });
  return { incomplete, refused, all };
}

test('the largest are refused first, and no more than needed', () => {
  const { incomplete, refused } = bodies(10, 50, 30, 40);
  expect(incomplete.refuseDownTo(60)).toBe(2);
  expect([refused, incomplete.heldBytes, incomplete.count]).toEqual([[50, 40], 40, 2]);
  expect(incomplete.refuseDownTo(40)).toBe(0);
});

test('one that is complete counts no longer, however often that is said', () => {
  const { incomplete, all } = bodies(10, 20);
  for (const body of [...all.slice(1), ...all.slice(1)]) incomplete.remove(body);
  expect([incomplete.heldBytes, incomplete.count]).toEqual([10, 1]);
});
