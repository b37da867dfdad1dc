/** The index of live messages, against the plainest model: a map from message to segment. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { LiveMessages } from './live-messages.ts';

const SLOTS = [1, 2, 3];

class World {
  readonly live = new LiveMessages();
  readonly #model = new Map<string, number>();

  add(queue: number, first: number, count: number, slot: number): void {
    for (let sequence = first; sequence < first + count; sequence++) {
      this.live.add(queue, sequence, slot);
      this.#model.set(`${queue}/${sequence}`, slot);
    }
    this.expectCounts();
  }

  remove(queue: number, first: number, count: number): void {
    this.live.removeRun(queue, first, count);
    for (let sequence = first; sequence < first + count; sequence++) this.#model.delete(`${queue}/${sequence}`);
    this.expectCounts();
  }

  drop(queue: number): void {
    this.live.dropQueue(queue);
    for (const key of [...this.#model.keys()]) if (key.startsWith(`${queue}/`)) this.#model.delete(key);
    expect(this.live.settleDropped(Number.POSITIVE_INFINITY)).toBe(true);
    this.expectCounts();
  }

  expectCounts(): void {
    expect(this.live.length).toBe(this.#model.size);
    const expected = SLOTS.map((slot) => [...this.#model.values()].filter((other) => other === slot).length);
    expect(SLOTS.map((slot) => this.live.counts[slot])).toEqual(expected);
  }

  expectPlaces(): void {
    for (const queue of [1, 2]) {
      const sequences = [...this.live.sequencesOf(queue)];
      expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
      expect(sequences.length).toBe([...this.#model.keys()].filter((key) => key.startsWith(`${queue}/`)).length);
      for (const sequence of sequences) {
        expect(this.live.slotOf(queue, sequence)).toBe(this.#model.get(`${queue}/${sequence}`));
      }
    }
  }
}

const queues = fc.constantFrom(1, 2);
const firsts = fc.nat(2000);
const counts = fc.nat(700);

const steps: fc.Arbitrary<Step<World>>[] = [
  fc
    .tuple(queues, firsts, counts, fc.constantFrom(...SLOTS))
    .map(([queue, first, count, slot]) =>
      step(`add ${count} to ${queue} from ${first} in ${slot}`, (world) => world.add(queue, first, count, slot)),
    ),
  fc
    .tuple(queues, firsts, counts)
    .map(([queue, first, count]) =>
      step(`remove ${count} of ${queue} from ${first}`, (world) => world.remove(queue, first, count)),
    ),
  queues.map((queue) => step(`drop ${queue}`, (world) => world.drop(queue))),
];

test('every message is found in the segment it was put in last, until it is removed', () => {
  checkSteps({
    world: () => new World(),
    steps,
    runs: 60,
    stepsMax: 12,
    finally: (world) => world.expectPlaces(),
  });
});

test('the highest sequence and the watermark outlive the messages', () => {
  const live = new LiveMessages();
  live.add(1, 700, 1);
  live.raiseWatermark(1, 650);
  live.raiseWatermark(1, 640);
  live.remove(1, 700);
  live.used(1, 500);
  expect(live.marksOf(1)).toMatchObject({ id: 1, highest: 700, watermark: 650 });
});
