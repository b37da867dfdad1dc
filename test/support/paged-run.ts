/**
 * A broker that is killed or loses its power again and again, and a model of what its clients were told: what was confirmed comes
 * back in its order, what was settled does not, and nothing else ever comes.
 */

import { SeededRandom } from '../../src/base/random.ts';
import type { FaultProfile } from './disk-faults.ts';
import { partsOf } from './page-parts.ts';
import { PagedBroker } from './paged-broker.ts';
import { ModelQueue } from './paged-model.ts';
import { SimulatedDisk } from './simulated-disk.ts';

interface PagedRunOptions {
  readonly seed: number;
  readonly steps: number;
  readonly faults?: FaultProfile;
}

/** What has happened, for tests that want to know whether they have seen it. */
export interface Seen {
  crashes: number;
  pagesWritten: number;
  pagesRestored: number;
  redelivered: number;
  faults: number;
  /** Pages with messages that clients held, and parts of restored pages that had others between their messages. */
  unackedPages: number;
  pageParts: number;
}

export interface PagedSeeds {
  readonly first: number;
  readonly count: number;
  readonly faults?: FaultProfile;
}

/** @returns what happened in all runs @throws Error that names the seed */
export function runPagedSeeds({ first, count, faults = {} }: PagedSeeds): Seen {
  const sum = nothingSeen();
  for (let seed = first; seed < first + count; seed++) {
    const run = new PagedRun({ seed, steps: STEPS, faults });
    try {
      run.run();
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
    for (const key of Object.keys(sum) as (keyof Seen)[]) sum[key] += run.seen[key];
  }
  return sum;
}

const STEPS = 120;

function nothingSeen(): Seen {
  return { crashes: 0, pagesWritten: 0, pagesRestored: 0, redelivered: 0, faults: 0, unackedPages: 0, pageParts: 0 };
}

class PagedRun {
  readonly seen = nothingSeen();
  readonly #random: SeededRandom;
  readonly #options: PagedRunOptions;
  /** The last one is not durable: it is gone with its process. */
  readonly #queues = ['a', 'b', 'c'].map((name, index) => new ModelQueue(name, index < 2));
  #world: PagedBroker;
  #published = 0;
  #isPaging = true;
  /** Some of what is offered stays in memory. */
  #isPicky = false;

  constructor(options: PagedRunOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#world = this.#open(new SimulatedDisk({ random: new SeededRandom(options.seed + 1) }));
    this.#world.disk.faults.profile = options.faults ?? {};
    for (const queue of this.#queues) queue.reopened(this.#world);
  }

  run(): void {
    for (let step = 0; step < this.#options.steps; step++) {
      this.#step();
      if (this.#world.isLost || this.#world.damaged.length > 0) this.#crash();
    }
    this.#crash();
    this.#world.disk.faults.profile = {};
    for (const queue of this.#queues) {
      for (let idle = 0; idle < 5; idle = queue.take(this.#world, 3000, true) > 0 ? 0 : idle + 1) this.#world.tick();
      queue.assertAllTaken();
    }
    this.#world.tick(10);
    this.#assertNothingLeft();
  }

  #step(): void {
    const random = this.#random;
    const world = this.#world;
    const queue = this.#queues[random.below(this.#queues.length)];
    if (queue === undefined) return;
    switch (random.below(17)) {
      case 0:
      case 1:
        return this.#publish(queue, random.below(1600));
      case 2:
        return this.#publish(queue, random.below(50));
      case 3:
        return void this.#take(queue, random.below(1500), true);
      case 4:
        return void this.#take(queue, random.below(800), false);
      case 5:
        return queue.settle(world, () => random.below(3) > 0);
      case 6:
        return void world.queue(queue.name).pageOutReady();
      case 7:
        this.#isPaging = random.below(3) > 0;
        return;
      case 8:
        return this.#emptyQueue(queue);
      case 9:
        return this.#tick();
      case 11:
        return queue.requeue(world, () => random.below(2) > 0);
      case 12:
        return this.#pageOutUnacked(queue);
      case 10:
        return random.below(3) === 0 ? this.#crash() : this.#work(random.below(200));
      default:
        return this.#work(random.below(60));
    }
  }

  #publish(queue: ModelQueue, count: number): void {
    for (let left = count; left > 0; left--) {
      const body = `${queue.name} ${++this.#published} ${'.'.repeat(this.#random.below(20))}`;
      queue.publish(this.#world, body, this.#random.below(8) > 0);
    }
  }

  #take(queue: ModelQueue, count: number, noAck: boolean): void {
    const before = queue.redelivered;
    queue.take(this.#world, count, noAck);
    this.seen.redelivered += queue.redelivered - before;
  }

  #pageOutUnacked(queue: ModelQueue): void {
    // What comes back of it stays on the page that it was on before, if there is one: between those that leave it.
    if (this.#random.below(2) === 0) queue.requeue(this.#world, () => this.#random.below(20) === 0);
    const { pages } = this.#world.pages.metrics;
    this.#isPicky = this.#random.below(2) === 0;
    this.#world.pageOutUnacked();
    this.#isPicky = false;
    this.seen.unackedPages += this.#world.pages.metrics.pages - pages;
    // So often that these pages become the homes of their messages.
    for (let ticks = this.#random.below(5); ticks > 0; ticks--) this.#tick();
  }

  #emptyQueue(queue: ModelQueue): void {
    const chance = this.#random.below(8);
    if (chance === 0) queue.purge(this.#world);
    else if (chance === 1) queue.replace(this.#world);
  }

  /** Turns, and some of what the disk has to do. */
  #work(operations: number): void {
    for (let left = operations; left > 0; left--) {
      if (this.#random.below(10) === 0) this.#world.turn();
      this.#world.disk.step();
    }
  }

  #tick(): void {
    this.#world.opened.tick();
    this.#world.pages.tick();
    this.#work(20);
  }

  #crash(): void {
    this.seen.crashes++;
    this.#note();
    const { log } = this.#world.opened;
    const { profile } = this.#world.disk.faults;
    this.#world.disk.faults.profile = {};
    for (const queue of this.#queues) queue.crashed(this.#world, log.durable);
    const { disk } = this.#world;
    // The power goes, or only the process.
    this.#world = this.#open(this.#random.below(2) === 0 ? disk.crash() : disk.kill());
    this.#noteRestored();
    const { damages } = this.#world.opened.found;
    if (damages.length > 0) throw new Error(`there is damage: ${JSON.stringify(damages)}`);
    for (const queue of this.#queues) queue.reopened(this.#world);
    this.#world.disk.faults.profile = profile;
  }

  #noteRestored(): void {
    const { pages } = this.#world.opened.found.live;
    this.seen.pagesRestored += pages.length;
    this.seen.pageParts += partsOf(pages);
  }

  #note(): void {
    const { writes, syncs } = this.#world.pages.metrics;
    this.seen.pagesWritten += writes + syncs;
    this.seen.faults += this.#world.faults.length;
  }

  #open(disk: SimulatedDisk): PagedBroker {
    const shouldPageOut = () => this.#isPaging && (!this.#isPicky || this.#random.below(2) === 0);
    const policy = { pagesAhead: this.#random.below(4), isAnyDue: true, shouldPageOut };
    return new PagedBroker(disk, { policy, fileBytes: 60_000, segmentBytes: 100_000 });
  }

  #assertNothingLeft(): void {
    const { pages, broker, opened, pageFiles } = this.#world;
    const left = {
      pages: pages.metrics.pages,
      pageFiles: pageFiles.length,
      messages: broker.messages.stats.blocks,
      logged: opened.found.live.length,
    };
    if (Object.values(left).some((count) => count > 0)) throw new Error(`something is left: ${JSON.stringify(left)}`);
  }
}
