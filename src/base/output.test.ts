/** An output against a list of bytes: what is taken is what was written, and everything is given back once. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../test/support/steps.ts';
import type { Region } from './bytes.ts';
import { ChunkPool, Output, type OutputBatch } from './output.ts';

class CountingPool extends ChunkPool {
  readonly out = new Set<Region>();

  override take(bytesMin: number): Region {
    const chunk = super.take(bytesMin);
    expect(this.out.has(chunk)).toBe(false);
    this.out.add(chunk);
    return chunk;
  }

  override giveBack(chunk: Region): void {
    expect(this.out.delete(chunk)).toBe(true);
    super.giveBack(chunk);
  }
}

class World {
  readonly pool = new CountingPool();
  readonly pinned = new Set<number>();
  readonly output = new Output(this.pool, { unpin: (reference) => expect(this.pinned.delete(reference)).toBe(true) });
  readonly #batches: { batch: OutputBatch; expected: Uint8Array }[] = [];
  #written: Uint8Array[] = [];
  #bytesPending = 0;
  #next = 0;

  write(bytes: number): void {
    const contents = this.#contents(bytes);
    this.output.reserve(bytes);
    this.output.chunk.bytes.set(contents, this.output.position);
    this.output.position += bytes;
  }

  refer(bytes: number): void {
    const reference = ++this.#next;
    this.pinned.add(reference);
    this.output.appendReference(this.#contents(bytes), reference);
  }

  take(): void {
    const expected = joined(this.#written);
    expect(this.output.hasBytes).toBe(expected.length > 0);
    const batch = this.output.take();
    expect(batch.bytes).toBe(expected.length);
    this.#batches.push({ batch, expected });
    this.#written = [];
  }

  /** The socket is done with the oldest batch, whose bytes nobody has touched meanwhile. */
  done(): void {
    const oldest = this.#batches.shift();
    if (oldest === undefined) return;
    expect(Buffer.compare(joined(oldest.batch.parts), oldest.expected)).toBe(0);
    this.output.done(oldest.batch);
    this.#bytesPending -= oldest.expected.length;
  }

  expectPendingBytes(): void {
    expect(this.output.pendingBytes).toBe(this.#bytesPending);
  }

  #contents(bytes: number): Uint8Array {
    const contents = new Uint8Array(bytes).fill(++this.#next & 0xff);
    this.#written.push(contents);
    this.#bytesPending += bytes;
    return contents;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** From nothing to more than the largest chunk. */
const sizes = fc.oneof(fc.nat(100), fc.nat(10_000), fc.constantFrom(8192, 8193, 262_144, 262_145, 400_000));

const steps: fc.Arbitrary<Step<World>>[] = [
  sizes.map((bytes) => step(`write ${bytes}`, (world) => world.write(bytes))),
  sizes.map((bytes) => step(`refer to ${bytes}`, (world) => world.refer(bytes))),
  fc.constant(step<World>('take', (world) => world.take())),
  fc.constant(step<World>('done', (world) => world.done())),
  fc.constant(step<World>('check', (world) => world.expectPendingBytes())),
];

describe('an output', () => {
  test('gives out what was written, in order, and gives everything back once', () => {
    checkSteps({
      world: () => new World(),
      steps,
      runs: 60,
      stepsMax: 40,
      finally: (world) => {
        world.take();
        for (let batch = 0; batch <= 40; batch++) world.done();
        world.expectPendingBytes();
        expect(world.pool.out.size).toBe(0);
        expect(world.pinned.size).toBe(0);
      },
    });
  });

  test('counts the bytes of its chunks until they are given back, those made to measure included', () => {
    const pool = new ChunkPool();
    const output = new Output(pool, { unpin: () => undefined });
    for (const bytes of [10, 300_000]) {
      output.reserve(bytes);
      output.position += bytes;
    }
    expect(pool.takenBytes).toBe(8192 + 300_000);
    const batch = output.take();
    expect(pool.takenBytes).toBe(8192 + 300_000);
    output.done(batch);
    expect(pool.takenBytes).toBe(0);
  });

  test('holds no chunk while idle', () => {
    const pool = new CountingPool();
    const output = new Output(pool, { unpin: () => undefined });
    output.reserve(10);
    output.position += 10;
    output.done(output.take());
    expect(pool.out.size).toBe(0);
    expect(output.chunk.bytes.length).toBe(0);
  });

  test('forgets what was not taken when it is discarded', () => {
    const world = new World();
    world.write(10);
    world.refer(20);
    world.output.discard();
    expect(world.output.pendingBytes).toBe(0);
    expect(world.pool.out.size + world.pinned.size).toBe(0);
  });

  test('refuses a batch that is given back twice', () => {
    const world = new World();
    world.write(10);
    const batch = world.output.take();
    world.output.done(batch);
    expect(() => world.output.done(batch)).toThrow('given back twice');
  });
});
