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
  const builder = bodyOf(100_000);
  builder.append(new Uint8Array(97_000), 0, 97_000);
  builder.append(new Uint8Array(3000), 0, 3000);
  expect(builder.pieces().map((piece) => piece.buffer.byteLength)).toEqual([97_000, 3000]);
});

test('a small one is collected in one block, which is used again', () => {
  const incomplete = new IncompleteBodies();
  const blocks = Array.from({ length: 20 }, () => {
    const builder = bodyOf(5000, incomplete);
    builder.append(new Uint8Array(10), 0, 10);
    builder.append(new Uint8Array(4990), 0, 4990);
    const [block] = builder.pieces();
    builder.end();
    return block?.buffer;
  });
  expect(new Set(blocks).size).toBe(1);
});

test('many small ones at a time take what has arrived of them, and share no block', () => {
  const incomplete = new IncompleteBodies();
  const builders = Array.from({ length: 100 }, (_, index) => {
    const builder = bodyOf(50_000, incomplete);
    builder.append(new Uint8Array(10).fill(index), 0, 10);
    return builder;
  });
  expect(incomplete.heldBytes).toBe(8 * 50_000 + 92 * 4096);
  for (const [index, builder] of builders.entries())
    expect(builder.pieces()[0]).toEqual(new Uint8Array(10).fill(index));
  for (const builder of builders) builder.end();
  expect(incomplete.heldBytes).toBe(0);
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
