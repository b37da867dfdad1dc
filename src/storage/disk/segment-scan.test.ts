/** What is found in a segment: whole batches, what is damaged between them, and what is left behind the last one. */

import { describe, expect, test } from 'vitest';
import { settled, simulatedDisk } from '../../../test/support/simulated-disk-steps.ts';
import { type BatchHead, batchBytes, checksum, headBytes, paddedBytes, writeHead } from './batch-format.ts';
import { type Damage, type ScanPosition, SegmentScan } from './segment-scan.ts';

const SEGMENT = 3;

interface Shape {
  readonly number: number;
  readonly queueIds?: readonly number[] | undefined;
  readonly segment?: number;
  readonly epoch?: number;
  readonly hasDefinitions?: boolean;
  readonly payload?: Uint8Array;
}

/** A batch; unless told otherwise of the queue that has its number. */
function batch(shape: Shape): Uint8Array {
  const { number, payload = Buffer.alloc(20, number), segment = SEGMENT, epoch = 1, hasDefinitions = false } = shape;
  const queueIds = 'queueIds' in shape ? shape.queueIds : [number];
  const bytes = new Uint8Array(batchBytes({ queueIds, payloadBytes: payload.length }));
  const view = new DataView(bytes.buffer);
  const start = headBytes({ queueIds });
  bytes.set(payload, start);
  const payloadCrc = checksum(view, start, start + payload.length);
  const sizes = { payloadBytes: payload.length, payloadCrc, records: 1, previousCrc: 0, version: 1 };
  const head: BatchHead = { segment, epoch, number, queueIds, hasDefinitions, ...sizes };
  writeHead(view, 0, head, false);
  writeHead(view, start + paddedBytes(payload.length), head, true);
  return bytes;
}

/** Makes one byte wrong, counted from the end when negative. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  const place = at < 0 ? copy.length + at : at;
  copy[place] = (copy[place] ?? 0) ^ 4;
  return copy;
}

/** In the head, in the payload, in the foot. */
const HEAD = 20;
const PAYLOAD = 64 + 8 + 3;
const FOOT = -30;
const SIZE = batch({ number: 1 }).length;

interface Scanned {
  readonly numbers: number[];
  readonly damages: Damage[];
  readonly torn: Damage | undefined;
  readonly end: number;
}

function scan(parts: readonly Uint8Array[], position: ScanPosition = { number: 0, crc: 0 }, before?: Damage): Scanned {
  const disk = simulatedDisk();
  const file = disk.open('segment-000003.log');
  settled(disk, (done) => file.write(Buffer.concat(parts), 0, done));
  const damages: Damage[] = [];
  const buffers = { bytes: new Uint8Array(0) };
  const reading = new SegmentScan({ segment: { number: SEGMENT, file }, position, buffers, damages, before });
  const numbers: number[] = [];
  for (let found = reading.next(); found !== undefined; found = reading.next()) numbers.push(found.head.number);
  return { numbers, damages, ...reading.rest() };
}

function damage(from: number, to: number, queueIds: readonly number[] | undefined, hasDefinitions = false): Damage {
  return { file: 'segment-000003.log', from, to, queueIds, hasDefinitions };
}

describe('a segment', () => {
  test('gives its batches in their order, and says where the last one ends', () => {
    expect(scan([1, 2, 3].map((number) => batch({ number })))).toEqual({
      numbers: [1, 2, 3],
      damages: [],
      torn: undefined,
      end: 3 * SIZE,
    });
  });

  test('may be empty', () => {
    expect(scan([])).toEqual({ numbers: [], damages: [], torn: undefined, end: 0 });
  });

  test('is told from what an earlier use of its file has left', () => {
    const old = [1, 2, 3, 4].map((number) => batch({ number, segment: 2 }));

    expect(scan([batch({ number: 5 }), ...old], { number: 4, crc: 0 })).toEqual({
      numbers: [5],
      damages: [],
      torn: undefined,
      end: SIZE,
    });
  });

  test('is told from batches that a client has put into a body', () => {
    const forged = Buffer.concat([batch({ number: 2, epoch: 9 }), batch({ number: 3, epoch: 9 })]);
    const first = batch({ number: 1, payload: forged });

    expect(scan([first, batch({ number: 2 })])).toMatchObject({ numbers: [1, 2], damages: [] });
    expect(scan([first, flipped(batch({ number: 2, payload: forged }), PAYLOAD)])).toMatchObject({
      numbers: [1],
      damages: [],
      torn: { queueIds: [2] },
    });
  });

  test('skips a batch that was read before: it was written again after a fault', () => {
    const { numbers, damages } = scan([batch({ number: 4 }), batch({ number: 5 })], { number: 4, crc: 0 });

    expect([numbers, damages]).toEqual([[5], []]);
  });

  test('of a newer program is refused', () => {
    const newer = batch({ number: 1 });
    const view = new DataView(newer.buffer);
    newer[4] = 3;
    view.setUint32(60, checksum(view, 64, 72, checksum(view, 0, 60)), true);

    expect(() => scan([newer])).toThrow(
      'segment-000003.log has version 3 of its form, and this program knows versions up to 2',
    );
  });
});

describe('a batch that is not whole', () => {
  test.each([
    ['head', HEAD],
    ['payload', PAYLOAD],
  ])('because of its %s is damage when another one follows, and names its queues', (_, at) => {
    const parts = [batch({ number: 1 }), flipped(batch({ number: 2, hasDefinitions: true }), at), batch({ number: 3 })];

    expect(scan(parts)).toEqual({
      numbers: [1, 3],
      damages: [damage(SIZE, 2 * SIZE, [2], true)],
      torn: undefined,
      end: 3 * SIZE,
    });
  });

  test('because of its foot costs nothing', () => {
    const parts = [batch({ number: 1 }), flipped(batch({ number: 2 }), FOOT), batch({ number: 3 })];

    expect(scan(parts)).toMatchObject({ numbers: [1, 2, 3], damages: [] });
  });

  test('names nobody when neither its head nor its foot can be read: it may have been any queue', () => {
    const lost = flipped(flipped(batch({ number: 2 }), HEAD), FOOT);

    expect(scan([batch({ number: 1 }), lost, batch({ number: 3 })]).damages).toEqual([
      damage(SIZE, 2 * SIZE, undefined, true),
    ]);
  });

  test('names nobody when it had too many queues to name', () => {
    const many = batch({ number: 2, queueIds: undefined });

    expect(scan([batch({ number: 1 }), flipped(many, HEAD + 50), batch({ number: 3 })]).damages).toMatchObject([
      { queueIds: undefined },
    ]);
  });

  test('is named together with its neighbours', () => {
    const parts = [1, 2, 3, 4].map((number) => batch({ number }));
    const [one, two, three, four] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

    expect(scan([one, flipped(two, HEAD), flipped(three, PAYLOAD), four]).damages).toEqual([
      damage(SIZE, 3 * SIZE, [2, 3]),
    ]);
  });

  test.each([
    ['its payload is missing', (bytes: Uint8Array) => bytes.subarray(0, 90)],
    ['its head is missing', (bytes: Uint8Array) => flipped(bytes, HEAD)],
    ['its payload is wrong', (bytes: Uint8Array) => flipped(bytes, PAYLOAD)],
  ])('is a torn tail when %s and nothing follows, and is cut', (_, tear) => {
    const torn = tear(batch({ number: 2, hasDefinitions: true }));

    expect(scan([batch({ number: 1 }), torn])).toEqual({
      numbers: [1],
      damages: [],
      torn: damage(SIZE, SIZE + torn.length, [2], true),
      end: SIZE,
    });
  });

  test('is damage when it is one of several at the end: only the last one can be torn', () => {
    const parts = [
      batch({ number: 1 }),
      flipped(batch({ number: 2 }), PAYLOAD),
      flipped(batch({ number: 3 }), PAYLOAD),
    ];

    expect(scan(parts)).toEqual({
      numbers: [1],
      damages: [damage(SIZE, 3 * SIZE, [2, 3])],
      torn: undefined,
      end: SIZE,
    });
  });

  test('is nothing when the same one was read before', () => {
    expect(scan([flipped(batch({ number: 4 }), PAYLOAD)], { number: 4, crc: 0 })).toMatchObject({
      damages: [],
      torn: undefined,
    });
  });
});

describe('a batch that is missing', () => {
  const before: Damage = { file: 'segment-000002.log', from: 7, to: 9, queueIds: [8], hasDefinitions: false };

  test('is what the segment before has left', () => {
    expect(scan([batch({ number: 6 })], { number: 4, crc: 0 }, before)).toMatchObject({
      numbers: [6],
      damages: [before],
    });
    expect(scan([batch({ number: 5 })], { number: 4, crc: 0 }, before)).toMatchObject({ numbers: [5], damages: [] });
  });

  test('names nobody when nothing is left of it', () => {
    expect(scan([batch({ number: 6 })], { number: 4, crc: 0 }).damages).toEqual([damage(0, 0, undefined, true)]);
    expect(scan([batch({ number: 7 })], { number: 4, crc: 0 }, before).damages).toEqual([
      damage(0, 0, undefined, true),
    ]);
  });

  test('is named with the one after it, when that is damaged too', () => {
    const torn = flipped(batch({ number: 6 }), PAYLOAD);

    expect(scan([torn], { number: 4, crc: 0 }, before)).toMatchObject({
      damages: [damage(0, SIZE, [6, 8])],
      torn: undefined,
    });
    expect(scan([torn, batch({ number: 7 })], { number: 4, crc: 0 }, before).damages).toEqual([
      damage(0, SIZE, [6, 8]),
    ]);
  });
});
