/** Confirms against a list of tickets: never before the log has come so far, and in the end all of them. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { Confirms } from './confirms.ts';

class World {
  readonly confirms = new Confirms();
  readonly #tickets: number[] = [];
  #appended = 0;
  #durable = 0;
  #confirmed = 0;

  publish(isLogged: boolean): void {
    const ticket = isLogged ? ++this.#appended : 0;
    this.#tickets.push(ticket);
    this.confirms.add(ticket);
    expect(this.confirms.published).toBe(this.#tickets.length);
  }

  /** The log comes further; a turn ends. */
  advance(by: number): void {
    this.#durable = Math.min(this.#appended, this.#durable + by);
    const upTo = this.confirms.advance(this.#durable);
    expect(upTo).toBeGreaterThanOrEqual(this.#confirmed);
    for (const ticket of this.#tickets.slice(0, upTo)) expect(ticket).toBeLessThanOrEqual(this.#durable);
    this.#confirmed = upTo;
    expect(this.confirms.isWaiting).toBe(upTo < this.#tickets.length);
  }

  expectAllConfirmed(): void {
    this.advance(Number.POSITIVE_INFINITY);
    expect(this.#confirmed).toBe(this.#tickets.length);
  }
}

const steps: fc.Arbitrary<Step<World>>[] = [
  fc.boolean().map((isLogged) => step(`publish ${isLogged}`, (world) => world.publish(isLogged))),
  fc.nat(3).map((by) => step(`advance ${by}`, (world) => world.advance(by))),
];

test('confirms come after their tickets, and all of them come', () => {
  checkSteps({
    world: () => new World(),
    steps,
    runs: 200,
    stepsMax: 40,
    finally: (world) => world.expectAllConfirmed(),
  });
});

test('a turn without records is confirmed at its end', () => {
  const confirms = new Confirms();
  confirms.add(0);
  confirms.add(0);
  expect(confirms.advance(0)).toBe(2);
});

test('what a later turn published does not hold back an earlier one', () => {
  const confirms = new Confirms();
  confirms.add(1);
  expect(confirms.advance(0)).toBe(0);
  confirms.add(2);
  expect(confirms.advance(1)).toBe(1);
  expect(confirms.advance(2)).toBe(2);
});
