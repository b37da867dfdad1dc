/** Bytes with holes, compared with plain ones. */

import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { BLOCK_BYTES, SparseBytes } from './sparse-bytes.ts';

test('hold what plain bytes would, after any writes and cuts', () => {
  const random = new SeededRandom(7);
  const sparse = new SparseBytes();
  let plain = Buffer.alloc(0);
  const lengthen = (length: number) => {
    plain = Buffer.concat([plain, Buffer.alloc(Math.max(0, length - plain.length))]);
  };
  for (let round = 0; round < 2000; round++) {
    const position = random.below(5 * BLOCK_BYTES);
    if (random.below(4) === 0) {
      sparse.resize(position);
      lengthen(position);
      plain = plain.subarray(0, position);
    } else {
      const bytes = Buffer.alloc(random.below(2 * BLOCK_BYTES), 1 + random.below(255));
      sparse.write(bytes, position);
      if (bytes.length > 0) lengthen(position + bytes.length);
      bytes.copy(plain, position);
    }
    const into = new Uint8Array(8 * BLOCK_BYTES).fill(0xee);
    const start = random.below(6 * BLOCK_BYTES);

    expect(sparse.length).toBe(plain.length);
    expect(sparse.read(into, start)).toBe(Math.max(0, plain.length - start));
    expect(Buffer.compare(into.subarray(0, Math.max(0, plain.length - start)), plain.subarray(start))).toBe(0);
  }
});

test('take room for the blocks that were written only', () => {
  const sparse = new SparseBytes();
  sparse.resize(100 * BLOCK_BYTES);
  sparse.write(new Uint8Array(2), 5 * BLOCK_BYTES - 1);

  expect(sparse.allocatedBytes).toBe(2 * BLOCK_BYTES);
  expect(sparse.fitting(3 * BLOCK_BYTES, 4 * BLOCK_BYTES, 0)).toBe(2 * BLOCK_BYTES);
  expect(sparse.fitting(3 * BLOCK_BYTES, 4 * BLOCK_BYTES, BLOCK_BYTES)).toBe(3 * BLOCK_BYTES);
  sparse.resize(5 * BLOCK_BYTES);
  expect(sparse.allocatedBytes).toBe(BLOCK_BYTES);
});

test('have copies that keep what they were, and may change without them', () => {
  const random = new SeededRandom(8);
  const all = [new SparseBytes()];
  const contents = [Buffer.alloc(4 * BLOCK_BYTES)];
  for (let round = 0; round < 500; round++) {
    const which = random.below(all.length);
    const one = all[which];
    const content = contents[which];
    if (one === undefined || content === undefined) throw new Error('there is nothing to change');
    const position = random.below(3 * BLOCK_BYTES);
    const choice = random.below(4);
    if (choice === 0 && all.length < 8) {
      all.push(one.copy());
      contents.push(Buffer.from(content));
    } else if (choice === 1) {
      one.resize(position);
      content.fill(0, position);
    } else if (choice === 2 && position < one.length) {
      one.flip(position, 3);
      content[position] = (content[position] ?? 0) ^ 8;
    } else {
      const bytes = Buffer.alloc(random.below(BLOCK_BYTES), 1 + random.below(255));
      one.write(bytes, position);
      bytes.copy(content, position);
    }
    for (const [index, sparse] of all.entries()) {
      const read = Buffer.alloc(4 * BLOCK_BYTES);
      sparse.read(read, 0);
      expect(Buffer.compare(read, contents[index] ?? read)).toBe(0);
    }
  }
});
