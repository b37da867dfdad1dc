/** Records of facts about messages and keys: what is written is read, whatever stands around it; what is none is refused. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteText } from '../../base/byte-text.ts';
import type { SideFact } from '../../core/side-fact.ts';
import { putSettle, type RecordReader, readRecords } from './record-codec.ts';
import { assertSideFact, putSideFact, sideFactBytes } from './side-record-codec.ts';

const anyNumber = fc.maxSafeNat();
const anyKey = fc.uint8Array({ maxLength: 255 }).map(byteText);
const ofMessage = { queueId: anyNumber, sequence: anyNumber };

const anyFact: fc.Arbitrary<SideFact> = fc.oneof(
  fc.record({ kind: fc.constant('returned' as const), ...ofMessage, count: fc.integer({ min: 1, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('delayDue' as const), ...ofMessage, dueMs: anyNumber }),
  fc.record({ kind: fc.constant('delayCancelled' as const), ...ofMessage }),
  fc.record({ kind: fc.constant('groupKey' as const), ...ofMessage, key: anyKey }),
  fc.record({ kind: fc.constant('dedupSeen' as const), queueId: anyNumber, key: anyKey, untilMs: anyNumber }),
);

const DUE: SideFact = { kind: 'delayDue', queueId: 11, sequence: 7, dueMs: 1000 };
const KEY: SideFact = { kind: 'groupKey', queueId: 11, sequence: 7, key: 'abc' };
const SEEN: SideFact = { kind: 'dedupSeen', queueId: 11, key: 'abc', untilMs: 1000 };

function read(view: DataView, end: number): unknown[] {
  const found: unknown[] = [];
  const reader: RecordReader = {
    content: () => found.push('content'),
    settle: (...args) => void found.push(args),
    watermark: () => found.push('watermark'),
    used: () => found.push('used'),
    paged: () => found.push('paged'),
    definition: () => found.push('definition'),
    sideFact: (fact) => void found.push(fact),
  };
  readRecords(view, 0, end, reader);
  return found;
}

/** A record with a byte of it changed. */
function changed(fact: SideFact, at: number, byte: number): DataView {
  const view = new DataView(new ArrayBuffer(sideFactBytes(fact)));
  putSideFact(view, 0, fact);
  view.setUint8(at, byte);
  return view;
}

describe('a record of a fact about a message or a key', () => {
  test('comes back as it was written, between other records', () => {
    const property = fc.property(fc.array(anyFact, { maxLength: 5 }), (facts) => {
      for (const fact of facts) assertSideFact(fact);
      const bytes = facts.reduce((sum, fact) => sum + sideFactBytes(fact), 24);
      // Old bytes are written over.
      const view = new DataView(new Uint8Array(bytes).fill(0xff).buffer);
      let at = 0;
      for (const fact of facts) at += putSideFact(view, at, fact);
      putSettle(view, at, 1, 2, 3, 0);
      expect(read(view, bytes)).toEqual([...facts, [1, 2, 3, 0]]);
    });
    fc.assert(property);
  });

  test('that ends too early is refused, wherever it breaks off', () => {
    for (const fact of [DUE, KEY, SEEN]) {
      const view = changed(fact, 1, 0);
      for (let end = 1; end < view.byteLength; end++) {
        expect(() => read(view, end)).toThrow(/a batch ends within a record|a record at byte 0 goes beyond its batch/);
      }
    }
  });

  test.each([
    ['bytes that are to be zero', changed(DUE, 2, 1), 'a byte that is to be zero is not'],
    ['the same in the place of a count', changed(DUE, 5, 1), 'a byte that is to be zero is not'],
    ['a due time above 2^53', changed(DUE, 31, 1), 'there is no time'],
    ['a sequence above 2^53', changed(KEY, 23, 1), 'there is no sequence'],
    ['a queue above 2^53', changed(SEEN, 15, 1), 'there is no queue'],
    ['an end of a window above 2^53', changed(SEEN, 23, 1), 'there is no time'],
    ['a key of more than 255 bytes', changed(KEY, 5, 1), 'a record of kind 14 has a key of 259 bytes'],
    [
      'a count of 0',
      changed({ kind: 'returned', queueId: 1, sequence: 1, count: 1 }, 4, 0),
      'nothing comes back 0 times',
    ],
  ])('is refused with %s', (_what, view, said) => {
    expect(() => read(view, view.byteLength)).toThrow(said);
  });

  test('is not made of what is out of range', () => {
    expect(() => assertSideFact({ ...KEY, key: 'x'.repeat(256) })).toThrow('bug: a key has 256 bytes');
    expect(() => assertSideFact({ ...DUE, dueMs: 0.5 })).toThrow('bug: there is no time 0.5');
    expect(() => assertSideFact({ ...DUE, sequence: -1 })).toThrow('bug: there is no sequence -1');
    expect(() => assertSideFact({ kind: 'returned', queueId: 1, sequence: 1, count: 2 ** 32 })).toThrow(
      'bug: nothing comes back 4294967296 times',
    );
  });
});
