/** What is unacknowledged against a map by tag: who gets what back, credit, and how little stays in memory. */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { coreBroker } from '../../../test/support/core-broker.ts';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { SlabPool } from '../../base/slab-pool.ts';
import type { DeliverySink } from '../ports.ts';
import { Pump } from '../pump.ts';
import { SETTLE_REASONS } from '../records.ts';
import { ClassicQueue } from './classic.ts';
import { Consumer } from './consumer.ts';
import type { Outcome } from './settlement.ts';
import { Unacked } from './unacked.ts';

const { broker } = coreBroker();
const sink: DeliverySink = { canTakeMore: true, deliver: () => undefined, cancelled: () => undefined };

/** Notes what comes back instead of doing anything with it. */
class NotingQueue extends ClassicQueue {
  readonly noted: { message: number; sequence: number; outcome: Outcome }[] = [];

  constructor(id: number) {
    const options = { durable: false, owner: undefined, autoDelete: false, arguments: new Map() };
    super(id, `q${id}`, options, { ...broker, unused: () => undefined });
  }

  override settle(message: number, sequence: number, reason: number): void {
    this.noted.push({ message, sequence, outcome: reason === SETTLE_REASONS.acked ? 'ack' : 'reject' });
  }

  override requeue(message: number, sequence: number): void {
    this.noted.push({ message, sequence, outcome: 'requeue' });
  }
}

interface Entry {
  /** -1 for what was fetched with `get`. */
  readonly consumer: number;
  readonly queue: number;
  readonly message: number;
}

class World {
  readonly pump = new Pump();
  readonly unacked = new Unacked({ pump: this.pump, unackedPaging: broker.unackedPaging });
  readonly queues = [new NotingQueue(0), new NotingQueue(1)];
  readonly consumers: Consumer[] = [];
  readonly outstanding = new Map<number, Entry>();
  /** What must have come back once all tasks are done: by message, with how often. */
  readonly #expected = new Map<number, Outcome>();
  #nextTag = 1;

  constructor() {
    for (let id = 0; id < 4; id++) this.#open(id);
  }

  #open(id: number): void {
    const queue = this.queueOf(id);
    const options = { queue, sink, unacked: this.unacked, id, tag: '', exclusive: false, priority: 0 };
    const consumer = new Consumer({ ...options, noAck: false, prefetch: 100 });
    this.unacked.open(consumer);
    this.consumers[id] = consumer;
  }

  queueOf(id: number): NotingQueue {
    const queue = this.queues[id % 2];
    if (queue === undefined) throw new Error('there are two queues');
    return queue;
  }

  add(id: number, count: number): void {
    const consumer = this.consumers[id];
    if (consumer === undefined) return;
    const first = this.#nextTag;
    for (; this.#nextTag < first + count; this.#nextTag++) {
      const message = this.#nextTag * 3;
      const tag = this.unacked.add(message, consumer, this.#nextTag * 5);
      this.outstanding.set(tag, { consumer: id, queue: id % 2, message });
    }
    expect(this.unacked.nextTag).toBe(this.#nextTag);
  }

  fetch(id: number): void {
    const tag = this.#nextTag++;
    expect(this.unacked.addFetched(tag * 3, this.queueOf(id), tag * 5)).toBe(tag);
    this.outstanding.set(tag, { consumer: -1, queue: id % 2, message: tag * 3 });
  }

  skip(count: number): void {
    let tag = 0;
    for (let index = 0; index < count; index++) tag = this.unacked.skip();
    this.#nextTag += count;
    if (count > 0) expect(tag).toBe(this.#nextTag - 1);
  }

  /** `position` 0 to 1 says where among all tags so far, and a little beyond. */
  settleAt(position: number, multiple: boolean, outcome: Outcome): void {
    this.settle(1 + Math.floor(position * (this.#nextTag + 1)), multiple, outcome);
  }

  /** One of the oldest that are outstanding. */
  settleOld(pick: number, multiple: boolean, outcome: Outcome): void {
    const tag = [...this.outstanding.keys()][pick];
    if (tag !== undefined) this.settle(tag, multiple, outcome);
  }

  settle(tag: number, multiple: boolean, outcome: Outcome): void {
    if (this.outstanding.has(tag) || (multiple && tag === 0)) {
      this.unacked.settle(tag, multiple, outcome);
      for (const settled of multiple ? this.#upTo(tag) : [tag]) this.#gone(settled, outcome);
    } else expect(() => this.unacked.settle(tag, multiple, outcome)).toThrow(`unknown delivery tag ${tag}`);
  }

  #upTo(tag: number): number[] {
    return [...this.outstanding.keys()].filter((other) => tag === 0 || other <= tag);
  }

  requeueAll(): void {
    this.unacked.requeueAll();
    for (const tag of [...this.outstanding.keys()]) this.#gone(tag, 'requeue');
  }

  /** The consumer is cancelled; another one comes in its place. */
  replace(id: number): void {
    const consumer = this.consumers[id];
    if (consumer === undefined) return;
    this.unacked.close(consumer);
    this.#open(id);
    for (const [tag, entry] of this.outstanding) {
      if (entry.consumer === id) this.outstanding.set(tag, { ...entry, consumer: -2 });
    }
  }

  /** All tasks done: everything that was settled has come back once, in order, and credit counts what is left. */
  expectSettled(): void {
    expect(this.unacked.length).toBe(this.outstanding.size);
    while (this.pump.run(300)) expect(this.pump.hasWork).toBe(true);
    const noted = this.queues.flatMap((queue) => queue.noted);
    expect(new Map(noted.map(({ message, outcome }) => [message, outcome]))).toEqual(this.#expected);
    expect(noted.length).toBe(this.#expected.size);
    expect(noted.every(({ message, sequence }) => sequence === (message / 3) * 5)).toBe(true);
    for (const [id, consumer] of this.consumers.entries()) {
      if (!consumer.isCancelled) expect(consumer.credit.used).toBe(this.#count((entry) => entry.consumer === id));
    }
    expect(this.unacked.credit.used).toBe(this.#count((entry) => entry.consumer !== -1));
  }

  #count(matches: (entry: Entry) => boolean): number {
    return [...this.outstanding.values()].filter(matches).length;
  }

  #gone(tag: number, outcome: Outcome): void {
    this.#expected.set(tag * 3, outcome);
    this.outstanding.delete(tag);
  }
}

const outcomes = fc.constantFrom<Outcome>('ack', 'requeue', 'reject');
const counts = fc.oneof(fc.nat(5), fc.nat(600), fc.nat(6000));
const positions = fc.double({ min: 0, max: 1, noNaN: true });

const steps: fc.Arbitrary<Step<World>>[] = [
  fc.tuple(fc.nat(3), counts).map(([id, count]) => step(`add ${count} of ${id}`, (world) => world.add(id, count))),
  fc.nat(1).map((id) => step(`fetch from ${id}`, (world) => world.fetch(id))),
  fc.oneof(counts, fc.constant(20_000)).map((count) => step(`skip ${count}`, (world) => world.skip(count))),
  fc
    .tuple(fc.nat(3), fc.boolean(), outcomes)
    .map(([pick, multiple, outcome]) =>
      step(`settle old ${pick} ${multiple} ${outcome}`, (world) => world.settleOld(pick, multiple, outcome)),
    ),
  fc
    .tuple(positions, fc.boolean(), outcomes)
    .map(([at, multiple, outcome]) =>
      step(`settle at ${at} ${multiple} ${outcome}`, (world) => world.settleAt(at, multiple, outcome)),
    ),
  fc.tuple(fc.integer({ min: 2, max: 500 }), outcomes).map(([nth, outcome]) =>
    step(`${outcome} all but one in ${nth}`, (world) => {
      for (const tag of [...world.outstanding.keys()]) if (tag % nth !== 0) world.settle(tag, false, outcome);
    }),
  ),
  outcomes.map((outcome) => step(`${outcome} all`, (world) => world.settle(0, true, outcome))),
  fc.constant(step<World>('requeue all', (world) => world.requeueAll())),
  fc.nat(3).map((id) => step(`replace ${id}`, (world) => world.replace(id))),
  fc.constant(step<World>('run', (world) => void world.pump.run(100))),
  fc.constant(step<World>('check', (world) => world.expectSettled())),
];

describe('what a channel has not acknowledged', () => {
  afterEach(() => vi.restoreAllMocks());

  test('is settled once each, with the outcome asked for, and credit comes back', () => {
    checkSteps({
      world: () => new World(),
      steps,
      runs: 60,
      stepsMax: 25,
      finally: (world) => {
        world.expectSettled();
        world.requeueAll();
        world.expectSettled();
      },
    });
  });

  test('holds few chunks when one message stays and millions that need no ack go by', () => {
    const chunksHeld = countChunks();
    const world = new World();
    world.add(0, 1);
    for (let index = 0; index < 2_000_000; index++) world.unacked.skip();
    expect(chunksHeld()).toBe(0);
    world.unacked.settle(1, false, 'ack');
    expect(world.queueOf(0).noted).toEqual([{ message: 3, sequence: 5, outcome: 'ack' }]);
  });

  test('holds few chunks when one message stays and all others are acked one by one', () => {
    const chunksHeld = countChunks();
    const world = new World();
    world.add(0, 1);
    const consumer = world.consumers[0];
    for (let tag = 2; tag < 200_000 && consumer !== undefined; tag++) {
      world.unacked.add(tag, consumer, tag);
      world.unacked.settle(tag, false, 'ack');
    }
    expect(chunksHeld()).toBeLessThan(80);
    expect(world.unacked.length).toBe(1);
  });

  test('settles a message that stays for long with the others up to it, and no further', () => {
    const world = new World();
    for (let count = 0; count < 3; count++) world.add(0, 1);
    world.skip(50_000);
    world.settle(2, true, 'ack');
    world.expectSettled();
    expect([...world.outstanding.keys()]).toEqual([3]);
  });

  test('settles very many in steps, the first ones small, so that no turn is long', () => {
    const world = new World();
    world.add(0, 100_000);
    world.requeueAll();
    const { noted } = world.queueOf(0);
    const settled = [noted.length];
    for (let turn = 0; turn < 4; turn++) {
      world.pump.run(2000);
      settled.push(noted.length);
    }
    expect(settled).toEqual([0, 512, 1536, 3536, 5536]);
    world.expectSettled();
  });

  test('settles very many up to a tag in steps, and no further', () => {
    const world = new World();
    world.add(0, 10_000);
    world.settle(6000, true, 'requeue');
    world.expectSettled();
    expect([world.outstanding.size, Math.min(...world.outstanding.keys())]).toEqual([4000, 6001]);
  });
});

/** @returns how many chunks are in use since: nothing here but unacked takes pieces of a pool. */
function countChunks(): () => number {
  const taken = vi.spyOn(SlabPool.prototype, 'takeFrom');
  const givenBack = vi.spyOn(SlabPool.prototype, 'giveBack');
  return () => taken.mock.calls.length - givenBack.mock.calls.length;
}
