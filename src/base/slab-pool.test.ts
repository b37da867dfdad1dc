/** Pieces cut from slabs. */

import { expect, test } from 'vitest';
import { SlabPool } from './slab-pool.ts';

function testPool() {
  let slabs = 0;
  const pool = new SlabPool(4, 2, (entries) => {
    slabs++;
    return new Uint32Array(entries);
  });
  const take = () => {
    const slab = pool.withRoom();
    return { slab, start: pool.takeFrom(slab) };
  };
  return { pool, take, slabs: () => slabs };
}

test('pieces of one slab do not overlap', () => {
  const { take, slabs } = testPool();
  const pieces = [take(), take(), take()];
  expect(pieces.map(({ start }) => start)).toEqual([0, 4, 0]);
  expect(pieces[0]?.slab.memory).toBe(pieces[1]?.slab.memory);
  expect(pieces[2]?.slab.memory).not.toBe(pieces[0]?.slab.memory);
  expect(slabs()).toBe(2);
});

test('a piece given back is the next one taken', () => {
  const { pool, take } = testPool();
  take();
  const piece = take();
  pool.giveBack(piece.slab, piece.start);
  expect(take()).toEqual(piece);
});

test('one free slab is kept, others go', () => {
  const { pool, take, slabs } = testPool();
  const pieces = Array.from({ length: 8 }, () => take());
  for (const piece of pieces) pool.giveBack(piece.slab, piece.start);
  expect(pool.taken).toBe(0);
  for (let count = 0; count < 2; count++) take();
  expect(slabs()).toBe(4);
  take();
  expect(slabs()).toBe(5);
});

test('a slab that was full has room again in any order of giving back', () => {
  const { pool, take, slabs } = testPool();
  const pieces = Array.from({ length: 6 }, () => take());
  for (const [index, piece] of pieces.entries()) if ([0, 3, 5].includes(index)) pool.giveBack(piece.slab, piece.start);
  for (let count = 0; count < 3; count++) take();
  expect(slabs()).toBe(3);
  expect(pool.taken).toBe(6);
});

test('giving back a piece of a free slab is a bug', () => {
  const { pool, take } = testPool();
  const piece = take();
  pool.giveBack(piece.slab, piece.start);
  expect(() => pool.giveBack(piece.slab, piece.start)).toThrow('given back twice');
});
