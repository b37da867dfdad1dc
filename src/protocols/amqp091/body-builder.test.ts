/** Bodies that arrive in pieces. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IncompleteBodies } from '../../core/incomplete-bodies.ts';
import { BodyBuilder } from './body-builder.ts';

function bodyOf(bytes: number, incomplete = new IncompleteBodies()): BodyBuilder {
  return new BodyBuilder(bytes, incomplete, () => undefined);
}

test('a body comes out as it went in, whatever its pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(70_000), { maxLength: 12 }), (sizes) => {
      const pieces = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
      const whole = Buffer.concat(pieces);
      const builder = bodyOf(whole.length);
      for (const piece of pieces) {
        const padded = Buffer.concat([Buffer.of(99), piece, Buffer.of(99)]);
        builder.append(padded, 1, 1 + piece.length);
        padded.fill(0);
      }
      expect(builder.receivedBytes).toBe(whole.length);
      expect(builder.isComplete).toBe(true);
      expect(Buffer.compare(Buffer.concat(builder.pieces()), whole)).toBe(0);
      expect(Buffer.compare(builder.join(), whole)).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('takes memory for what has arrived, not for what was announced', () => {
  const builder = bodyOf(500_000_000);
  const heldBytes = () => builder.pieces().reduce((sum, piece) => sum + piece.buffer.byteLength, 0);
  builder.append(new Uint8Array(10), 0, 10);
  expect(heldBytes()).toBe(4096);
  for (let count = 0; count < 1000; count++) builder.append(new Uint8Array(1000), 0, 1000);
  expect(heldBytes()).toBeLessThan(1_000_010 + 256 * 1024);
  expect(builder.isComplete).toBe(false);
});

test('ends exactly with the announced size', () => {
  const builder = bodyOf(5000);
  builder.append(new Uint8Array(4097), 0, 4097);
  builder.append(new Uint8Array(903), 0, 903);
  expect(builder.pieces().map((piece) => piece.buffer.byteLength)).toEqual([4097, 903]);
});

test('counts with what it holds until it has ended', () => {
  const incomplete = new IncompleteBodies();
  const builder = bodyOf(100_000, incomplete);
  builder.append(new Uint8Array(10), 0, 10);
  expect([incomplete.count, incomplete.heldBytes]).toEqual([1, 4096]);
  builder.append(new Uint8Array(99_990), 0, 99_990);
  expect([incomplete.count, incomplete.heldBytes]).toEqual([1, 100_000]);
  builder.end();
  expect([incomplete.count, incomplete.heldBytes]).toEqual([0, 0]);
});
