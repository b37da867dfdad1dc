/** Paging to the heap: what goes out comes back whole, some turns later, and not when it is no longer wanted. */

import { describe, expect, test } from 'vitest';
import { bodyText, coreBroker, createMessage } from '../../../test/support/core-broker.ts';
import type { PagedQueue } from '../../core/ports.ts';

function world(options: { shouldPageOut: boolean; turnsLate: number }) {
  const { broker, residency } = coreBroker({
    shouldPageOut: () => options.shouldPageOut,
    turnsLate: () => options.turnsLate,
  });
  const cameBack: { page: number; bodies: string[] }[] = [];
  const queue: PagedQueue = {
    id: 1,
    options: { durable: false },
    isDraining: false,
    pagedIn: (page, handles) =>
      void cameBack.push({ page, bodies: Array.from(handles, (handle) => bodyText(broker.messages, handle)) }),
  };
  const handles = Uint32Array.from(['a', 'b', 'c'], (body) => createMessage(broker.messages, body));
  return { broker, residency, cameBack, queue, handles };
}

describe('residency in memory', () => {
  test('takes messages out of the arena and brings them back so many turns later', () => {
    const { broker, residency, cameBack, queue, handles } = world({ shouldPageOut: true, turnsLate: 2 });
    const taken = residency.pageOut(queue, 1, handles);
    expect([taken, broker.messages.stats.blocks, residency.pageCount]).toEqual([{ page: 1, count: 3 }, 0, 1]);
    residency.readAhead(queue, 1);
    broker.pump.run(10);
    expect(cameBack).toEqual([]);
    broker.pump.run(10);
    expect(cameBack).toEqual([{ page: 1, bodies: ['a', 'b', 'c'] }]);
    expect([broker.messages.stats.blocks, residency.pageCount]).toEqual([3, 0]);
  });

  test('leaves everything where it is when it should not page out', () => {
    const { broker, residency, queue, handles } = world({ shouldPageOut: false, turnsLate: 1 });
    expect(residency.pageOut(queue, 1, handles)).toBeUndefined();
    expect(broker.messages.stats.blocks).toBe(3);
  });

  test('a page that was discarded does not come back', () => {
    const { broker, residency, cameBack, queue, handles } = world({ shouldPageOut: true, turnsLate: 1 });
    residency.pageOut(queue, 1, handles);
    residency.readAhead(queue, 1);
    residency.discard(1);
    broker.pump.run(10);
    expect([cameBack, residency.pageCount, broker.pump.hasWork]).toEqual([[], 0, false]);
  });
});
