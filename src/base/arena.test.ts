/** The arena against a map of blocks: contents survive every move, and the figures are true. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../test/support/steps.ts';
import { Arena, BLOCK_BYTES_MAX, SEGMENT_BYTES } from './arena.ts';

const HEAD_BYTES = 8;
const SLAB_BYTES = 128 * SEGMENT_BYTES;

interface Block {
  readonly handle: number;
  readonly bytes: number;
  readonly mark: number;
  references: number;
  pins: number;
  pinnedAt: number;
}

class World {
  readonly arena = new Arena();
  blocks: Block[] = [];
  #lastMark = 0;

  allocate(bytes: number): void {
    const handle = this.arena.allocate(bytes);
    expect(this.blocks.some((block) => block.handle === handle)).toBe(false);
    const mark = ++this.#lastMark & 0xff;
    const start = this.arena.offsetOf(handle);
    this.arena.regionOf(handle).bytes.fill(mark, start, start + bytes);
    this.blocks.push({ handle, bytes, mark, references: 1, pins: 0, pinnedAt: 0 });
  }

  /** One reference less of a block that has one besides its pins. */
  release(block: Block): void {
    if (block.references === 0) return;
    block.references--;
    this.#gaveBack(block, this.arena.release(block.handle));
  }

  pin(block: Block): void {
    this.arena.pin(block.handle);
    block.pins++;
    block.pinnedAt = this.arena.offsetOf(block.handle);
  }

  unpin(block: Block): void {
    if (block.pins === 0) return;
    expect(this.arena.offsetOf(block.handle)).toBe(block.pinnedAt);
    block.pins--;
    this.#gaveBack(block, this.arena.unpin(block.handle));
  }

  expectTrue(): void {
    const sizes = this.blocks.map(({ bytes }) => (bytes + HEAD_BYTES + 7) & ~7);
    const { liveBytes, blocks, segmentBytes, slabBytes } = this.arena.stats;
    expect({ liveBytes, blocks }).toEqual({ liveBytes: sizes.reduce((a, b) => a + b, 0), blocks: sizes.length });
    expect(segmentBytes).toBeGreaterThanOrEqual(liveBytes);
    expect(slabBytes).toBeGreaterThanOrEqual(segmentBytes);
    for (const block of this.blocks) this.#expectContents(block);
  }

  #expectContents({ handle, bytes, mark }: Block): void {
    const start = this.arena.offsetOf(handle);
    const contents = this.arena.regionOf(handle).bytes.subarray(start, start + bytes);
    expect(contents.every((byte) => byte === mark)).toBe(true);
  }

  #gaveBack(block: Block, left: number): void {
    expect(left).toBe(block.references + block.pins);
    if (left > 0) return;
    this.arena.free(block.handle);
    this.blocks = this.blocks.filter((other) => other !== block);
  }
}

/** A step on one of the blocks that are there. */
function onBlock(name: string, run: (world: World, block: Block) => void): fc.Arbitrary<Step<World>> {
  return fc.nat(10_000).map((pick) =>
    step(`${name} ${pick}`, (world) => {
      const block = world.blocks[pick % world.blocks.length];
      if (block !== undefined) run(world, block);
    }),
  );
}

const steps: fc.Arbitrary<Step<World>>[] = [
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(0, 1, 9, 600, 20_000, 90_000, BLOCK_BYTES_MAX))
    .map(([count, bytes]) =>
      step(`allocate ${count} of ${bytes}`, (world) => {
        for (let index = 0; index < count; index++) world.allocate(bytes);
      }),
    ),
  fc.nat(4).map((keep) =>
    step(`release all but one in ${keep}`, (world) => {
      for (const [index, block] of [...world.blocks].entries()) if (index % 5 !== keep) world.release(block);
    }),
  ),
  onBlock('retain', (world, block) => {
    if (block.references === 0) return;
    world.arena.retain(block.handle);
    block.references++;
  }),
  onBlock('release', (world, block) => world.release(block)),
  onBlock('pin', (world, block) => world.pin(block)),
  onBlock('unpin', (world, block) => world.unpin(block)),
  fc
    .integer({ min: 1, max: 20 })
    .map((segments) => step(`compact ${segments}`, ({ arena }) => arena.compact(segments))),
  fc.constant(
    step<World>('trim', ({ arena }) => {
      arena.endPeriod();
      arena.trim(3);
    }),
  ),
  fc.constant(step<World>('trim the handles', ({ arena }) => void arena.trimHandles())),
  fc.constant(step<World>('check', (world) => world.expectTrue())),
];

describe('an arena', () => {
  test('keeps what blocks hold, wherever they move, and counts them', () => {
    checkSteps({
      world: () => new World(),
      steps,
      runs: 30,
      stepsMax: 60,
      finally: (world) => {
        world.expectTrue();
        for (const block of [...world.blocks]) {
          while (block.pins > 0) world.unpin(block);
          while (block.references > 0) world.release(block);
        }
        expect(world.arena.stats).toMatchObject({ liveBytes: 0, blocks: 0 });
        expect(world.arena.stats.segmentBytes).toBeLessThanOrEqual(SEGMENT_BYTES);
      },
    });
  });

  test('uses the handles of freed blocks again', () => {
    const arena = new Arena();
    const first = Array.from({ length: 50 }, () => arena.allocate(10));
    for (const handle of first) arena.free(handle);
    const second = Array.from({ length: 50 }, () => arena.allocate(10));
    expect(second.sort()).toEqual(first.sort());
  });

  test('empties sparse segments until little more than the live bytes is in use', () => {
    const arena = new Arena();
    const handles = Array.from({ length: 400 * 52 }, () => arena.allocate(5000));
    for (const [index, handle] of handles.entries()) if (index % 52 > 0) arena.free(handle);
    expect(arena.stats.segmentBytes).toBe(400 * SEGMENT_BYTES);
    while (arena.wantsCompaction) arena.compact(16);
    expect(arena.stats.segmentBytes).toBeLessThanOrEqual(1.3 * arena.stats.liveBytes + SEGMENT_BYTES);
    letPeriodsPass(arena);
    arena.trim(100);
    expect(arena.stats.slabBytes).toBeLessThanOrEqual(2 * SLAB_BYTES);
  });

  test('gives slabs back that were free for two periods', () => {
    const arena = new Arena();
    const handles = Array.from({ length: 400 }, () => arena.allocate(BLOCK_BYTES_MAX));
    expect(arena.stats.slabBytes).toBe(4 * SLAB_BYTES);
    for (const handle of handles) arena.free(handle);
    expect(arena.trim(100)).toBe(0);
    letPeriodsPass(arena);
    expect(arena.trim(1)).toBe(SLAB_BYTES);
    expect(arena.trim(100)).toBe(3 * SLAB_BYTES);
    expect(arena.stats.slabBytes).toBe(0);
    for (const bytes of [1, BLOCK_BYTES_MAX]) for (let count = 0; count < 400; count++) arena.allocate(bytes);
    expect(arena.stats.slabBytes).toBe(4 * SLAB_BYTES);
  });

  test('keeps the slab of a block that is left', () => {
    const arena = new Arena();
    const handles = Array.from({ length: 400 }, () => arena.allocate(BLOCK_BYTES_MAX));
    for (const handle of handles.slice(1)) arena.free(handle);
    letPeriodsPass(arena);
    expect(arena.trim(100)).toBe(2 * SLAB_BYTES);
    const { segmentBytes } = arena.stats;
    arena.allocate(BLOCK_BYTES_MAX);
    expect(arena.stats.segmentBytes - segmentBytes).toBeLessThanOrEqual(SEGMENT_BYTES);
  });

  test('gives the handles back that a peak needed, wherever those in use stand among them', () => {
    const arena = new Arena();
    const handles = Array.from({ length: 100_000 }, () => arena.allocate(8));
    const kept = [handles[0], handles[50_000]].filter((handle) => handle !== undefined);
    for (const handle of handles) if (!kept.includes(handle)) arena.free(handle);
    expect(arena.trimHandles()).toBe(5 * 128 * 1024);
    expect(arena.trimHandles()).toBe(0);

    const again = new Set([...kept, ...Array.from({ length: 99_998 }, () => arena.allocate(8))]);
    expect(again.size).toBe(100_000);
    expect(Math.max(...again)).toBeLessThan(7 * 16_384);
    for (const handle of again) arena.free(handle);
    expect(arena.trimHandles()).toBe(7 * 128 * 1024);
    expect(arena.allocate(8)).toBe(0);
  });

  test('empties a sparse segment that was pinned before', () => {
    const arena = new Arena();
    const handles = Array.from({ length: 20 * 51 }, () => arena.allocate(5000));
    const kept = handles.filter((_, index) => index % 51 === 0);
    for (const handle of kept) arena.pin(handle);
    for (const [index, handle] of handles.entries()) if (index % 51 > 0) arena.free(handle);
    arena.compact(100);
    expect(arena.stats.segmentBytes).toBe(20 * SEGMENT_BYTES);
    for (const handle of kept) arena.unpin(handle);
    arena.compact(100);
    expect(arena.stats.segmentBytes).toBeLessThan(8 * SEGMENT_BYTES);
  });

  test('refuses a block larger than a segment, and to free twice', () => {
    const arena = new Arena();
    expect(() => arena.allocate(BLOCK_BYTES_MAX + 1)).toThrow('too large');
    const handle = arena.allocate(1);
    arena.free(handle);
    expect(() => arena.free(handle)).toThrow('freed twice');
  });
});

/** What was needed until now is forgotten. */
function letPeriodsPass(arena: Arena): void {
  arena.endPeriod();
  arena.endPeriod();
}
