/** The head of a batch: read back as it was written, and not at all when a bit of it is wrong. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertKnown,
  type BatchHead,
  batchBytes,
  checksum,
  getNumber,
  headBytes,
  neededBytes,
  paddedBytes,
  putNumber,
  readHead,
  writeHead,
} from './batch-format.ts';

const anyNumber = fc.oneof(fc.nat(), fc.maxSafeNat());
const anyWord = fc.integer({ min: 0, max: 0xffff_ffff });

const anyHead: fc.Arbitrary<BatchHead> = fc.record({
  version: fc.integer({ min: 1, max: 255 }),
  segment: anyNumber,
  epoch: anyWord,
  number: anyNumber,
  payloadBytes: anyWord,
  payloadCrc: anyWord,
  records: anyWord,
  previousCrc: anyWord,
  hasDefinitions: fc.boolean(),
  queueIds: fc.option(fc.array(anyNumber, { maxLength: 5 }), { nil: undefined }),
});

const HEAD: BatchHead = {
  version: 1,
  segment: 3,
  epoch: 7,
  number: 2 ** 40,
  payloadBytes: 13,
  payloadCrc: 0xdead_beef,
  records: 2,
  previousCrc: 5,
  hasDefinitions: true,
  queueIds: [9, 2 ** 35],
};

function written(head: BatchHead, isFoot = false, at = 0): DataView {
  const view = new DataView(new ArrayBuffer(at + headBytes(head)));
  writeHead(view, at, head, isFoot);
  return view;
}

describe('the head of a batch', () => {
  test('is read as it was written, wherever it stands', () => {
    const property = fc.property(anyHead, fc.boolean(), fc.nat(4), (head, isFoot, place) => {
      const at = 8 * place;
      const view = new DataView(new ArrayBuffer(at + headBytes(head)));
      const crc = writeHead(view, at, head, isFoot);
      expect(readHead(view, at)).toEqual({ ...head, isFoot, crc });
    });
    fc.assert(property);
  });

  test('has this form', () => {
    const bytes = Buffer.from(written(HEAD).buffer).toString('hex');

    expect(bytes.match(/.{16}/g)).toEqual([
      '4c56524201000100',
      '0300000000000000',
      '07000000efbeadde',
      '0000000000010000',
      '0d00000002000000',
      '0200000005000000',
      '0000000000000000',
      '00000000c7232bda',
      '0900000000000000',
      '0000000008000000',
    ]);
  });

  test('is no head with any bit flipped', () => {
    const { byteLength } = written(HEAD);
    for (let bit = 0; bit < 8 * byteLength; bit++) {
      const view = written(HEAD);
      view.setUint8(bit >>> 3, view.getUint8(bit >>> 3) ^ (1 << (bit & 7)));
      expect(readHead(view, 0)).toBeUndefined();
    }
  });

  test('is no head where it is cut', () => {
    const { buffer, byteLength } = written(HEAD);
    for (let bytes = 0; bytes < byteLength; bytes++)
      expect(readHead(new DataView(buffer, 0, bytes), 0)).toBeUndefined();
  });

  test('says how much of it must be at hand', () => {
    const view = written(HEAD, false, 8);
    expect(neededBytes(view, 8)).toBe(headBytes(HEAD));
    expect(neededBytes(new DataView(view.buffer, 0, 40), 8)).toBe(headBytes({ queueIds: undefined }));
    expect(neededBytes(new DataView(new ArrayBuffer(100)), 0)).toBe(0);
  });

  test('of a newer program is refused, in words', () => {
    const head = readHead(written(HEAD), 0);
    if (head === undefined) throw new Error('there is no head');

    expect(() => assertKnown(head, 'segment-000001.log')).not.toThrow();
    expect(() => assertKnown({ ...head, version: 3 }, 'segment-000001.log')).toThrow(
      'segment-000001.log has version 3 of its form, and this program knows versions up to 2. It was written by a newer Leveret',
    );
  });
});

describe('a batch', () => {
  test('has its head twice, and its payload ends at a multiple of eight bytes', () => {
    expect([0, 1, 8, 13].map(paddedBytes)).toEqual([0, 8, 8, 16]);
    expect(batchBytes(HEAD)).toBe(2 * (64 + 16) + 16);
    expect(batchBytes({ ...HEAD, queueIds: undefined })).toBe(2 * 64 + 16);
  });

  test('has numbers up to 2^53', () => {
    const view = new DataView(new ArrayBuffer(8));
    fc.assert(
      fc.property(fc.maxSafeNat(), (number) => {
        putNumber(view, 0, number);
        expect(getNumber(view, 0)).toBe(number);
      }),
    );
  });

  test('is summed the same in one piece and in several', () => {
    const view = new DataView(Uint8Array.from({ length: 50 }, (_, index) => index * 7).buffer);
    const whole = checksum(view, 10, 50);
    for (let split = 10; split <= 50; split++) expect(checksum(view, split, 50, checksum(view, 10, split))).toBe(whole);
  });
});
