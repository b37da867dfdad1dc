/** Records: what is written is read, one after the other, and what cannot be is refused. */

import { describe, expect, test } from 'vitest';
import { NEVER_MS } from '../../core/messages.ts';
import { RECORD_KINDS, SETTLE_REASONS } from '../../core/records.ts';
import { UNKNOWN_EXPIRY_MS } from './pages/page-format.ts';
import {
  putContentHead,
  putDefinitionHead,
  putPaged,
  putSettle,
  putTarget,
  putUsed,
  putWatermark,
  type RecordReader,
  readRecords,
  targetQueue,
  targetSequence,
} from './record-codec.ts';

const BIG = 2 ** 52 + 3;

function read(view: DataView, end: number): unknown[] {
  const found: unknown[] = [];
  const reader: RecordReader = {
    content: (targetsAt, targets, runAt, runBytes, largeBytes) => {
      const pairs = Array.from({ length: targets }, (_, index) => [
        targetQueue(view, targetsAt, index),
        targetSequence(view, targetsAt, index),
      ]);
      const bytes = Array.from({ length: runBytes + largeBytes }, (_, index) => view.getUint8(runAt + index));
      found.push(['content', pairs, bytes.slice(0, runBytes), bytes.slice(runBytes)]);
    },
    settle: (...args) => void found.push(['settle', ...args]),
    watermark: (...args) => void found.push(['watermark', ...args]),
    used: (...args) => void found.push(['used', ...args]),
    paged: (...args) => void found.push(['paged', ...args]),
    sideFact: (fact) => void found.push(fact),
    definition: (at, bytes) => void found.push(['definition', at, bytes]),
  };
  readRecords(view, 0, end, reader);
  return found;
}

describe('records', () => {
  test('come back as they were written', () => {
    const view = new DataView(new ArrayBuffer(256));
    putSettle(view, 0, BIG, 7, 1000, SETTLE_REASONS.expired);
    putContentHead(view, 24, RECORD_KINDS.publish, 2, 3, 1);
    putTarget(view, 40, 1, BIG);
    putTarget(view, 56, 2, 9);
    for (const [index, byte] of [10, 11, 12, 13].entries()) view.setUint8(72 + index, byte);
    putWatermark(view, 76, 5, 6);
    putUsed(view, 100, 7, 8);
    putDefinitionHead(view, 124, 4);
    expect(read(view, 136)).toEqual([
      ['settle', BIG, 7, 1000, SETTLE_REASONS.expired],
      [
        'content',
        [
          [1, BIG],
          [2, 9],
        ],
        [10, 11, 12],
        [13],
      ],
      ['watermark', 5, 6],
      ['used', 7, 8],
      ['definition', 132, 4],
    ]);
  });

  test('of pages come back with what was settled, or without it when nothing was; when messages expire, their page says', () => {
    const view = new DataView(new ArrayBuffer(256));
    const page = { queueId: BIG, firstSequence: BIG - 1, span: 70, file: 12, offset: BIG - 2, bytes: 2 ** 32 - 8 };
    const first = { ...page, earliestExpiryMs: NEVER_MS };
    const settled = Uint8Array.from({ length: 16 }, (_, index) => 3 * index);
    const second = putPaged(view, 0, first, settled);
    const end = second + putPaged(view, second, { ...page, earliestExpiryMs: 12_345 }, undefined);
    expect(read(view, end)).toEqual([
      ['paged', first, settled],
      ['paged', { ...page, earliestExpiryMs: UNKNOWN_EXPIRY_MS }, undefined],
    ]);
    expect(() => read(view, second + 40)).toThrow('a batch ends within a record');
  });

  test('of a kind that is not known are refused by their number', () => {
    const view = new DataView(new ArrayBuffer(24));
    view.setUint8(0, 99);
    expect(() => read(view, 24)).toThrow('records of kind 99 are not known to this version');
  });

  test('that go beyond their batch are refused', () => {
    const view = new DataView(new ArrayBuffer(24));
    putDefinitionHead(view, 0, 17);
    expect(() => read(view, 24)).toThrow('a record at byte 0 goes beyond its batch');
    expect(() => read(view, 4)).toThrow('a batch ends within a record');
  });
});
