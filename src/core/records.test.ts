/** The catalogue of records: what is on disk today must mean the same tomorrow. */

import { expect, test } from 'vitest';
import { FIRST_RECORD_VERSION, RECORD_KINDS, RECORD_VERSION, SETTLE_REASONS, SIDE_FACTS_VERSION } from './records.ts';

test('kinds and reasons keep the numbers that logs were written with', () => {
  expect([FIRST_RECORD_VERSION, SIDE_FACTS_VERSION, RECORD_VERSION]).toEqual([1, 2, 2]);
  expect(RECORD_KINDS).toEqual({
    publish: 1,
    settle: 2,
    returned: 3,
    deadLetterMove: 4,
    moved: 5,
    purge: 6,
    delayDue: 7,
    delayCancelled: 8,
    dedupSeen: 9,
    deliveryWatermark: 10,
    definition: 11,
    checkpoint: 12,
    paged: 13,
    groupKey: 14,
  });
  expect(SETTLE_REASONS).toEqual({
    acked: 0,
    rejected: 1,
    expired: 2,
    maxlen: 3,
    deliveryLimit: 4,
    purged: 5,
    lost: 6,
  });
});
