/** Pieces cut from slabs. */

import { expect, test } from 'vitest';
import { SlabPool } from './slab-pool.ts';

function testPool() {
  let slabs = 0;
  const pool = new SlabPool(4, 2, (entries) => {
    slabs++;
    return new Uint32Array(entries);
  });
  return { pool, slabs: () => slabs };
}

test('pieces of one slab do not overlap', () => {
  const { pool, slabs } = testPool();
  const pieces = [pool.take(), pool.take(), pool.take()];
  expect(pieces.map(({ start }) => start)).toEqual([0, 4, 0]);
  expect(pieces[0]?.memory).toBe(pieces[1]?.memory);
  expect(pieces[2]?.memory).not.toBe(pieces[0]?.memory);
  expect(slabs()).toBe(2);
});

test('a piece given back is the next one taken', () => {
  const { pool } = testPool();
  pool.take();
  const piece = pool.take();
  pool.giveBack(piece);
  expect(pool.take()).toBe(piece);
});

test('one free slab is kept, others go', () => {
  const { pool, slabs } = testPool();
  const pieces = Array.from({ length: 8 }, () => pool.take());
  for (const piece of pieces) pool.giveBack(piece);
  expect(pool.taken).toBe(0);
  for (let count = 0; count < 2; count++) pool.take();
  expect(slabs()).toBe(4);
  pool.take();
  expect(slabs()).toBe(5);
});

test('a slab that was full has room again in any order of giving back', () => {
  const { pool, slabs } = testPool();
  const pieces = Array.from({ length: 6 }, () => pool.take());
  for (const [index, piece] of pieces.entries()) if ([0, 3, 5].includes(index)) pool.giveBack(piece);
  for (let count = 0; count < 3; count++) pool.take();
  expect(slabs()).toBe(3);
  expect(pool.taken).toBe(6);
});

test('giving back a piece of a free slab is a bug', () => {
  const { pool } = testPool();
  const piece = pool.take();
  pool.giveBack(piece);
  expect(() => pool.giveBack(piece)).toThrow('given back twice');
});
