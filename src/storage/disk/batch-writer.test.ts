/** Bundles as bytes: what stands in a batch, and what the index of live messages knows of it. */

import { describe, expect, test } from 'vitest';
import { createMessage } from '../../../test/support/core-broker.ts';
import { regionOf } from '../../base/bytes.ts';
import { Messages } from '../../core/messages.ts';
import { RECORD_KINDS, SETTLE_REASONS } from '../../core/records.ts';
import { batchBytes, checksum, headBytes, NAMED_QUEUES_MAX, readHead } from './batch-format.ts';
import { type Batch, type BatchPlace, BatchWriter } from './batch-writer.ts';
import { Bundle } from './bundle.ts';
import { LiveMessages } from './live-messages.ts';
import {
  CONTENT_RECORD_BYTES,
  putContentHead,
  putTarget,
  type RecordReader,
  readRecords,
  TARGET_BYTES,
  targetQueue,
  targetSequence,
} from './record-codec.ts';

const PLACE: BatchPlace = { segment: 5, slot: 2, epoch: 77, number: 9, previousCrc: 123 };
const NOTHING = regionOf(new Uint8Array(0));

function world() {
  const messages = new Messages();
  const live = new LiveMessages();
  const bundle = new Bundle(messages);
  const writer = new BatchWriter(messages, live);
  const publish = (body: string, ...targets: readonly (readonly [number, number])[]) => {
    bundle.publish(createMessage(messages, body, true));
    for (const [queueId, sequence] of targets) bundle.reached(queueId, sequence);
  };
  const write = (place = PLACE): Batch => {
    const batch = writer.write(bundle, place);
    if (batch === undefined) throw new Error('nothing was written');
    return batch;
  };
  return { messages, live, bundle, writer, publish, write };
}

/** The records of a batch, in words. Of a message only the last bytes. */
function recordsOf({ bytes, head }: Batch): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: string[] = [];
  const reader: RecordReader = {
    content: (targetsAt, targets, runAt, runBytes, largeBytes) => {
      const pairs = Array.from({ length: targets }, (_, index) => {
        return `${targetQueue(view, targetsAt, index)}:${targetSequence(view, targetsAt, index)}`;
      });
      const end = runAt + runBytes + largeBytes;
      found.push(`message ${Buffer.from(bytes.subarray(end - 3, end))} to ${pairs.join(' and ')}`);
    },
    settle: (...args) => void found.push(`settle ${args.join(' ')}`),
    watermark: (...args) => void found.push(`watermark ${args.join(' ')}`),
    used: (...args) => void found.push(`used ${args.join(' ')}`),
    paged: ({ queueId, firstSequence, span }) => void found.push(`paged ${queueId}:${firstSequence}+${span}`),
    sideFact: (fact) => void found.push(Object.values(fact).join(' ')),
    definition: (at, length) => void found.push(`definition ${bytes.subarray(at, at + length).join(' ')}`),
  };
  const start = headBytes(head);
  readRecords(view, start, start + head.payloadBytes, reader);
  return found;
}

describe('a batch', () => {
  test('has facts about messages and keys behind all else, and says that an older program cannot read it', () => {
    const { bundle, live, publish, write } = world();
    bundle.note({ kind: 'dedupSeen', queueId: 12, key: 'k', untilMs: 9 });
    publish('one', [11, 1]);
    bundle.note({ kind: 'delayDue', queueId: 11, sequence: 1, dueMs: 5 });
    bundle.watermark(11, 64);
    const batch = write();

    expect(recordsOf(batch)).toEqual(['message one to 11:1', 'watermark 11 64', 'dedupSeen 12 k 9', 'delayDue 11 1 5']);
    expect(batch.head).toMatchObject({ version: 2, records: 4, queueIds: [11, 12] });
    expect(live.side.of(11)?.dues).toEqual(new Map([[1, 5]]));
  });

  test('has nothing about messages that are not live when it is made, and can be read by older programs then', () => {
    const { bundle, live, publish, write } = world();
    publish('one', [11, 1]);
    publish('two', [11, 2]);
    for (const sequence of [1, 2, 3]) bundle.note({ kind: 'returned', queueId: 11, sequence, count: 1 });
    bundle.elide(11, 1);
    bundle.settle(11, 2, 1, SETTLE_REASONS.acked);
    const batch = write();

    expect(recordsOf(batch)).toEqual(['message two to 11:2', `settle 11 2 1 ${SETTLE_REASONS.acked}`]);
    expect([batch.head.version, live.side.isEmpty]).toEqual([1, true]);
  });

  test('has the facts of its bundle in their order', () => {
    const { bundle, publish, write } = world();
    bundle.define(Uint8Array.of(1, 2));
    publish('one', [11, 1], [12, 4]);
    bundle.settle(11, 1, 2, SETTLE_REASONS.expired);
    bundle.watermark(12, 64);
    publish('two', [11, 2]);

    expect(recordsOf(write())).toEqual([
      'definition 1 2',
      'message one to 11:1 and 12:4',
      `settle 11 1 2 ${SETTLE_REASONS.expired}`,
      'watermark 12 64',
      'message two to 11:2',
    ]);
  });

  test('says of itself where it belongs and what is in it, at both its ends', () => {
    const { bundle, publish, write } = world();
    publish('one', [11, 1], [12, 4]);
    bundle.definedQueues.push(13);
    bundle.define(Uint8Array.of(1));
    bundle.settle(14, 1, 1, 0);
    bundle.watermark(15, 1);
    const { bytes, head, crc } = write();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

    const { slot: _, ...place } = PLACE;
    expect(head).toMatchObject({ ...place, records: 4, hasDefinitions: true });
    expect([...(head.queueIds ?? [])].sort()).toEqual([11, 12, 13, 14, 15]);
    expect(head.payloadCrc).toBe(checksum(view, headBytes(head), headBytes(head) + head.payloadBytes));
    expect(bytes.length).toBe(batchBytes(head));
    expect(readHead(view, 0)).toMatchObject({ ...head, isFoot: false, crc });
    expect(readHead(view, bytes.length - headBytes(head))).toMatchObject({ ...head, isFoot: true });
  });

  test('names no queues when they are very many', () => {
    const { bundle, write } = world();
    for (let id = 1; id <= NAMED_QUEUES_MAX; id++) bundle.watermark(id, 1);
    expect(write().head.queueIds).toHaveLength(NAMED_QUEUES_MAX);
    bundle.watermark(NAMED_QUEUES_MAX + 1, 1);
    expect(write().head.queueIds).toBeUndefined();
  });

  test('leaves out what was taken out of the bundle, and is none when that was all', () => {
    const { bundle, writer, publish, write } = world();
    publish('gone', [11, 1]);
    bundle.elide(11, 1);
    expect(writer.write(bundle, PLACE)).toBeUndefined();

    publish('half', [11, 2], [12, 1]);
    bundle.elide(11, 2);
    const batch = write();
    expect(recordsOf(batch)).toEqual(['message alf to 12:1']);
    expect(batch.head.queueIds).toEqual([12]);
  });

  test('has a large body behind the rest of its message', () => {
    const { bundle, messages, write } = world();
    const pieces = ['a', 'b', 'c'].map((letter) => Buffer.from(letter.repeat(30_000)));
    bundle.publish(
      messages.createLarge({ id: 0, exchangeBytes: NOTHING, keyBytes: NOTHING }, true, 0, 0, NOTHING, 0, 0, pieces),
    );
    bundle.reached(11, 1);
    const batch = write();

    expect(recordsOf(batch)).toEqual(['message ccc to 11:1']);
    expect(Buffer.from(batch.bytes).includes(Buffer.concat(pieces))).toBe(true);
  });

  test('is the same whether much or little was written before it', () => {
    const make = (before: number) => {
      const { bundle, publish, write } = world();
      publish('x'.repeat(before), [11, 1]);
      write();
      bundle.clear();
      publish('one', [11, 2]);
      return Buffer.from(write().bytes).toString('hex');
    };

    expect(make(100)).toBe(make(50_000));
  });

  test('has its messages and settles in the index, in their order', () => {
    const { live, bundle, publish, write } = world();
    live.add(11, 1, 1);
    bundle.settle(11, 1, 1, 0);
    publish('one', [11, 2], [12, 1]);
    publish('two', [11, 3]);
    bundle.settle(11, 3, 1, 0);
    bundle.watermark(12, 64);
    write();

    expect([live.slotOf(11, 1), live.slotOf(11, 2), live.slotOf(11, 3), live.slotOf(12, 1)]).toEqual([0, 2, 0, 2]);
    expect(live.marksOf(12)).toMatchObject({ highest: 1, watermark: 64 });
  });

  test('makes the index forget the queues that it deletes, with what is published in it', () => {
    const { live, bundle, publish, write } = world();
    live.add(11, 1, 1);
    publish('one', [11, 2], [12, 1]);
    bundle.deletedQueues.push(11);
    bundle.define(Uint8Array.of(1));
    write();
    live.settleDropped(100);

    expect([live.slotOf(11, 1), live.slotOf(11, 2), live.length]).toEqual([0, 0, 1]);
  });
});

describe('what is moved from an older segment', () => {
  /** A record for two queues, some bytes after the beginning of what was read. */
  const AT = 8;
  const bytes = new Uint8Array(AT + CONTENT_RECORD_BYTES + 2 * TARGET_BYTES + 3);
  const source = { ...regionOf(bytes), slot: 1 };
  putContentHead(source.view, AT, RECORD_KINDS.publish, 2, 3, 0);
  putTarget(source.view, AT + CONTENT_RECORD_BYTES, 11, 1);
  putTarget(source.view, AT + CONTENT_RECORD_BYTES + TARGET_BYTES, 12, 1);
  bytes.set(Buffer.from('old'), bytes.length - 3);

  test('is written for the queues in which it still stands there, and stands here from now on', () => {
    const { live, bundle, write } = world();
    live.add(11, 1, 1);
    live.add(12, 1, 1);
    bundle.settle(12, 1, 1, 0);
    bundle.move(source, AT);

    expect(recordsOf(write())).toEqual(['settle 12 1 1 0', 'message old to 11:1']);
    expect([live.slotOf(11, 1), live.slotOf(12, 1)]).toEqual([2, 0]);
  });

  test('is not written when it has been moved or settled since', () => {
    const { live, bundle, writer } = world();
    live.add(11, 1, 3);
    bundle.move(source, AT);

    expect(writer.write(bundle, PLACE)).toBeUndefined();
    expect(live.slotOf(11, 1)).toBe(3);
  });
});

describe('a batch that is written once more', () => {
  const ELSEWHERE = { ...PLACE, segment: 6, slot: 4, previousCrc: 99 };

  test('because a file is not to be believed: is the same, and its messages stand in the other segment', () => {
    const { live, bundle, writer, publish, write } = world();
    publish('one', [11, 1]);
    publish('two', [11, 2]);
    bundle.settle(11, 2, 1, 0);
    const batch = write();
    const records = recordsOf(batch);
    live.add(11, 1, 2);
    const again = writer.repeat(batch, ELSEWHERE);

    expect(recordsOf(again)).toEqual(records);
    expect(again.head).toMatchObject({ segment: 6, number: 9, previousCrc: 99, epoch: 77 });
    expect([live.slotOf(11, 1), live.slotOf(11, 2), live.counts[2], live.counts[4]]).toEqual([4, 0, 0, 1]);
  });

  test('because the broker ended: has the epoch of this start, and its messages stay where they were found', () => {
    const { live, publish, writer, write } = world();
    publish('one', [11, 1]);
    const { bytes, head, crc } = write();
    const payload = bytes.slice(headBytes(head), headBytes(head) + head.payloadBytes);
    const found = { head: { ...head, isFoot: false, crc }, payload };
    const again = writer.copy(found, { ...ELSEWHERE, epoch: 78 });

    expect(recordsOf(again)).toEqual(['message one to 11:1']);
    const wanted = { segment: 6, number: 9, epoch: 78, previousCrc: 123 };
    expect(again.head).toMatchObject(wanted);
    expect(readHead(new DataView(again.bytes.buffer), 0)).toMatchObject({ ...wanted, isFoot: false, crc: again.crc });
    expect(live.slotOf(11, 1)).toBe(2);
  });
});
