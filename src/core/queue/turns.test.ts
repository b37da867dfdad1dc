/** Turns against plain lists, one for each priority. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coreBroker, RecordingSink } from '../../../test/support/core-broker.ts';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { ClassicQueue } from './classic.ts';
import type { Consumer } from './consumer.ts';
import { Turns } from './turns.ts';

const { broker } = coreBroker();
const options = { durable: false, owner: undefined, autoDelete: false, arguments: new Map() };
const queue = new ClassicQueue(1, 'q', options, { ...broker, unused: () => undefined });

class World {
  readonly turns = new Turns();
  readonly consumers: Consumer[];
  /** Those that wait for a turn, in the order of their turns within a priority. */
  #waiting: Consumer[] = [];

  constructor() {
    const sink = new RecordingSink(broker);
    this.consumers = Array.from({ length: 9 }, (_, id) => sink.consumer(queue, { id, priority: (id % 3) - 1 }));
  }

  resume(consumer: Consumer): void {
    this.turns.resume(consumer);
    if (!this.#waiting.includes(consumer)) this.#waiting.push(consumer);
  }

  suspend(consumer: Consumer): void {
    this.turns.suspend(consumer);
    this.#waiting = this.#waiting.filter((other) => other !== consumer);
  }

  turn(): void {
    const highest = Math.max(...this.#waiting.map(({ priority }) => priority));
    const expected = this.#waiting.find(({ priority }) => priority === highest);
    expect(this.turns.next?.id).toBe(expected?.id);
    if (expected === undefined) return;
    this.turns.rotate(expected);
    this.#waiting = [...this.#waiting.filter((other) => other !== expected), expected];
  }
}

function onConsumer(name: string, run: (world: World, consumer: Consumer) => void): fc.Arbitrary<Step<World>> {
  return fc.nat(8).map((pick) =>
    step(`${name} ${pick}`, (world) => {
      const consumer = world.consumers[pick];
      if (consumer !== undefined) run(world, consumer);
    }),
  );
}

test('the highest priority is served first, and each of one priority in turn', () => {
  checkSteps({
    world: () => new World(),
    steps: [
      onConsumer('resume', (world, consumer) => world.resume(consumer)),
      onConsumer('suspend', (world, consumer) => world.suspend(consumer)),
      fc.constant(step<World>('turn', (world) => world.turn())),
    ],
    runs: 200,
    stepsMax: 60,
    finally: (world) => {
      for (let index = 0; index < 20; index++) world.turn();
    },
  });
});
