/** Confirms against a list of tickets: never before the log has come so far, and in the end each of them once. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { Confirms } from './confirms.ts';

/** What is told after a turn: all up to a number, and others one by one. */
function told(confirms: Confirms): { upTo: number; early: number[] } {
  confirms.advance();
  const early: number[] = [];
  for (let range = confirms.takeEarly(); range !== undefined; range = confirms.takeEarly()) {
    for (let number = range.first; number <= range.last; number++) early.push(number);
  }
  return { upTo: confirms.ackUpTo, early };
}

class World {
  readonly log = { durable: 0 };
  readonly confirms = new Confirms(this.log);
  readonly #tickets: number[] = [];
  #appended = 0;
  #ackedUpTo = 0;
  readonly #early = new Set<number>();

  publish(isLogged: boolean): void {
    const ticket = isLogged ? ++this.#appended : 0;
    this.#tickets.push(ticket);
    this.confirms.add(ticket);
    expect(this.confirms.published).toBe(this.#tickets.length);
  }

  /** The log comes further; a turn ends. */
  advance(by: number): void {
    this.log.durable = Math.min(this.#appended, this.log.durable + by);
    const { upTo, early } = told(this.confirms);
    for (const number of early) {
      expect(this.#isConfirmed(number)).toBe(false);
      this.#early.add(number);
    }
    if (upTo > this.#ackedUpTo) expect(this.#early.has(upTo)).toBe(false);
    this.#ackedUpTo = upTo;
    for (const [index, ticket] of this.#tickets.entries()) {
      if (this.#isConfirmed(index + 1)) expect(ticket).toBeLessThanOrEqual(this.log.durable);
      // What needs no log is confirmed with its turn.
      else expect(ticket).toBeGreaterThan(0);
    }
    expect(this.confirms.isWaiting).toBe(this.confirms.confirmed < this.#tickets.length);
  }

  expectAllConfirmed(): void {
    this.advance(Number.POSITIVE_INFINITY);
    expect(this.confirms.confirmed).toBe(this.#tickets.length);
    for (let number = 1; number <= this.#tickets.length; number++) expect(this.#isConfirmed(number)).toBe(true);
  }

  #isConfirmed(number: number): boolean {
    return number <= this.#ackedUpTo || this.#early.has(number);
  }
}

const steps: fc.Arbitrary<Step<World>>[] = [
  fc.boolean().map((isLogged) => step(`publish ${isLogged}`, (world) => world.publish(isLogged))),
  fc.nat(3).map((by) => step(`advance ${by}`, (world) => world.advance(by))),
];

test('confirms come after their tickets, without one in the turn, and all of them come', () => {
  checkSteps({
    world: () => new World(),
    steps,
    runs: 300,
    stepsMax: 40,
    finally: (world) => world.expectAllConfirmed(),
  });
});

/** Says what is told after a turn in which the log has come so far. */
function confirmsOf(tickets: readonly number[], durable = 0) {
  const log = { durable };
  const confirms = new Confirms(log);
  for (const ticket of tickets) confirms.add(ticket);
  const toldAt = (now: number) => {
    log.durable = now;
    return told(confirms);
  };
  return { confirms, toldAt };
}

test('a turn without records is confirmed at its end', () => {
  expect(confirmsOf([0, 0]).toldAt(0)).toEqual({ upTo: 2, early: [] });
});

test('what a later turn published does not hold back an earlier one', () => {
  const { confirms, toldAt } = confirmsOf([1]);
  expect(toldAt(0).upTo).toBe(0);
  confirms.add(2);
  expect([toldAt(1).upTo, toldAt(2).upTo]).toEqual([1, 2]);
});

test('what needs no log does not wait for what does, and is told once', () => {
  const { confirms, toldAt } = confirmsOf([0, 1, 0, 0, 2, 0]);
  expect(toldAt(0)).toEqual({ upTo: 1, early: [3, 4, 6] });
  expect(toldAt(0)).toEqual({ upTo: 1, early: [] });
  expect(toldAt(1)).toEqual({ upTo: 2, early: [] });
  expect(toldAt(2)).toEqual({ upTo: 5, early: [] });
  expect(confirms.isWaiting).toBe(false);
});

test('what was durable already when it was published is confirmed with its turn', () => {
  expect(confirmsOf([5, 3], 4).toldAt(4)).toEqual({ upTo: 0, early: [2] });
});
