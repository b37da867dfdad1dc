/** The targets of a bundle are found by queue and sequence, however many there are. */

import { expect, test } from 'vitest';
import { TargetTable } from './target-table.ts';

test('finds every target that was added, and no other', () => {
  const table = new TargetTable();
  const pairs = Array.from({ length: 3000 }, (_, index) => ({ queue: 1 + (index % 7), sequence: 2 ** 33 + index }));
  for (const [fact, { queue, sequence }] of pairs.entries()) expect(table.add(fact, queue, sequence)).toBe(fact);
  for (const [place, { queue, sequence }] of pairs.entries()) expect(table.find(queue, sequence)).toBe(place);
  expect([table.find(8, 2 ** 33), table.find(1, 1), table.find(1, 2 ** 33 + 1)]).toEqual([-1, -1, -1]);
});

test('holds nothing after it was cleared, and takes new ones', () => {
  const table = new TargetTable();
  for (let sequence = 0; sequence < 1000; sequence++) table.add(0, 1, sequence);
  table.clear();
  expect([table.length, table.find(1, 5)]).toEqual([0, -1]);
  table.add(4, 1, 5);
  expect([table.find(1, 5), table.facts[0], table.isOpen[0]]).toEqual([0, 4, 1]);
});
