/** Promises for tickets: when they resolve. */

import { expect, test } from 'vitest';
import { DurableTickets } from './durable-tickets.ts';

class World {
  readonly log = { durable: 0 };
  turns = 0;
  readonly resolved: number[] = [];
  readonly tickets = new DurableTickets(this.log, () => void this.turns++);

  /** Waits for tickets. @returns when all are durable */
  async wait(...tickets: number[]): Promise<void> {
    const waits = tickets.map(async (ticket) => {
      await this.tickets.whenDurable(ticket);
      this.resolved.push(ticket);
    });
    await Promise.all(waits);
  }

  /** A turn ends, the log having come so far. @returns what has resolved since the last one. */
  async turn(durable: number): Promise<number[]> {
    this.log.durable = durable;
    this.tickets.turnEnded();
    await new Promise(setImmediate);
    return this.resolved.splice(0);
  }
}

test('what is durable already, or was never recorded, is not waited for', async () => {
  const world = new World();
  world.log.durable = 3;
  await world.wait(0, 2, 3);
  expect(world.turns).toBe(0);
});

test('what is not durable resolves in the turn in which the log has come so far, and not before', async () => {
  const world = new World();
  const all = world.wait(2, 5, 3);
  expect(world.turns).toBe(3);
  expect(await world.turn(1)).toEqual([]);
  expect(await world.turn(3)).toEqual([2, 3]);
  expect(await world.turn(3)).toEqual([]);
  expect(await world.turn(9)).toEqual([5]);
  await all;
});
