/** A broker with messages of a queue `q` on pages, what is done to it, and what another one finds on its disk. */

import { PagedBroker, type Taken } from './paged-broker.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { simulatedDisk } from './simulated-disk-steps.ts';

export const PAGES = 3;
export const SIZES = { segmentBytes: 200_000 };

/** A queue with five messages on each of a few pages, and one in memory. */
export function pagedBroker(sizes = SIZES): PagedBroker {
  const world = new PagedBroker(simulatedDisk(), sizes);
  world.declare('q');
  world.declare('other');
  checkpoint(world);
  world.publish('other', 'of another queue');
  for (let page = 1; page <= PAGES; page++) {
    for (let index = 1; index <= 5; index++) world.publish('q', `${page}.${index}`);
    world.queue('q').pageOutReady();
  }
  world.tick(6);
  world.publish('q', 'last');
  world.quiet();
  if (world.opened.found.live.pages.length !== PAGES) throw new Error('the messages are not on their pages');
  return world;
}

/** Declarations, and what is settled, are in a file of their own. */
export function checkpoint(world: PagedBroker): void {
  let isDone = false;
  world.opened.checkpoint(() => {
    isDone = true;
  });
  for (let turns = 0; !isDone && turns < 100; turns++) world.tick();
  if (!isDone) throw new Error('the checkpoint does not come');
}

/** Takes so many of a queue's messages and acknowledges them. */
export function acknowledge(world: PagedBroker, count: number): void {
  for (let left = count; left > 0; ) {
    const taken = world.take('q', false);
    if (taken === undefined) world.quiet();
    else {
      world.sink.unacked.settle(taken.tag, false, 'ack');
      left--;
    }
  }
  world.quiet();
}

/** The next message of a queue that is read from a page perhaps; not acknowledged. */
export function takeSoon(world: PagedBroker): Taken {
  for (let turns = 0; turns < 10; turns++) {
    const taken = world.take('q', false);
    if (taken !== undefined) return taken;
    world.quiet();
  }
  throw new Error('the queue hands nothing out');
}

/** Takes and acknowledges all that comes. */
export function takeAll(world: PagedBroker): Taken[] {
  const all: Taken[] = [];
  for (let idle = 0; idle < 5; ) {
    const taken = world.take('q');
    if (taken === undefined) idle++;
    else all.push(taken);
    world.quiet();
  }
  return all;
}

/** Where the last batch in the log ends. */
export function endOf({ opened }: PagedBroker): number {
  return [...opened.found.segments].at(-1)?.bytes ?? 0;
}

export function bodies(...pages: readonly number[]): string[] {
  return pages.flatMap((page) => [1, 2, 3, 4, 5].map((index) => `${page}.${index}`));
}

/** What a broker hands out that is started on a disk. */
export function served(disk: SimulatedDisk): {
  readonly q: string[];
  readonly other: string[];
  readonly damaged: string[];
} {
  const world = new PagedBroker(disk);
  return { q: world.drain('q'), other: world.drain('other'), damaged: world.damaged };
}
