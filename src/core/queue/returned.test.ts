/** Returned messages against a sorted array. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { Returned } from './returned.ts';

class World {
  readonly returned = new Returned();
  readonly #model = new Set<number>();

  push(sequence: number): void {
    if (this.#model.has(sequence)) return;
    this.returned.push(sequence, sequence + 1);
    this.#model.add(sequence);
  }

  shift(count: number): void {
    const expected = [...this.#model].sort((a, b) => a - b).slice(0, count);
    const taken = expected.map(() => [this.returned.firstSequence, this.returned.shift()]);
    expect(taken).toEqual(expected.map((sequence) => [sequence, sequence + 1]));
    for (const sequence of expected) this.#model.delete(sequence);
    this.expectSame();
  }

  expectSame(): void {
    expect(this.returned.length).toBe(this.#model.size);
    expect(this.returned.firstSequence).toBe(Math.min(...this.#model, Number.POSITIVE_INFINITY));
  }
}

const sequences = fc.integer({ min: 2000, max: 20_000 });

const steps: fc.Arbitrary<Step<World>>[] = [
  sequences.map((sequence) => step(`push ${sequence}`, (world) => world.push(sequence))),
  fc.tuple(sequences, fc.nat(1500)).map(([first, count]) =>
    step(`push ${count} from ${first} on`, (world) => {
      for (let index = 0; index < count; index++) world.push(first + index);
    }),
  ),
  fc.tuple(sequences, fc.nat(1500)).map(([first, count]) =>
    step(`push ${count} from ${first} down`, (world) => {
      for (let index = 0; index < count; index++) world.push(first - index);
    }),
  ),
  fc.nat(2500).map((count) => step(`shift ${count}`, (world) => world.shift(count))),
];

test('what comes back in any order is served oldest first', () => {
  checkSteps({
    world: () => new World(),
    steps,
    runs: 40,
    stepsMax: 12,
    finally: (world) => {
      world.expectSame();
      world.shift(Number.POSITIVE_INFINITY);
    },
  });
});
