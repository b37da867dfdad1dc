/**
 * One queue with many channels and consumers against a model: a message that comes back is delivered again in its old
 * place, marked as redelivered; every message goes to a consumer that may have it and to none of a lower priority.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coreBroker, createMessage, type Delivery, RecordingSink, runAll } from '../../../test/support/core-broker.ts';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import { ClassicQueue } from './classic.ts';
import type { Consumer } from './consumer.ts';
import type { Outcome } from './settlement.ts';

const CHANNELS = 3;
const OPTIONS = { durable: false, owner: undefined, autoDelete: false, arguments: new Map() };

/** A message that a channel holds, by its number in the order of publishing. */
interface Held {
  readonly number: number;
  readonly consumer: Consumer;
}

/** A channel that checks each delivery with the model before it notes it. */
class CheckedSink extends RecordingSink {
  readonly held = new Map<number, Held>();
  readonly consumers: Consumer[] = [];
  onDelivery: (delivery: Delivery) => void = () => {};

  override deliver(consumerId: number, message: number, tag: number, redelivered: boolean): void {
    this.onDelivery({ consumerId, body: this.bodyOf(message), tag, redelivered });
  }
}

class World {
  readonly core = coreBroker();
  readonly queue = new ClassicQueue(1, 'q', OPTIONS, { ...this.core.broker, unused: () => undefined });
  readonly channels: CheckedSink[];
  /** The numbers that are in the queue, in order, and those that were delivered before. */
  #ready: number[] = [];
  readonly #delivered = new Set<number>();
  #published = 0;
  #consumersMade = 0;

  constructor() {
    this.channels = Array.from({ length: CHANNELS }, () => new CheckedSink(this.core.broker));
    for (const channel of this.channels) channel.onDelivery = (delivery) => this.#delivery(channel, delivery);
  }

  publish(count: number): void {
    for (let left = count; left > 0; left--) {
      this.#ready.push(this.#published);
      this.queue.enqueue(createMessage(this.core.broker.messages, String(this.#published++)));
    }
  }

  consume(pick: number, prefetch: number, priority: number): void {
    const channel = this.channel(pick);
    channel.consumers.push(channel.consume(this.queue, { id: this.#consumersMade++, prefetch, priority }));
  }

  cancel(pick: number, which: number): void {
    const { consumers } = this.channel(pick);
    const [consumer] = consumers.splice(which % Math.max(1, consumers.length), 1);
    if (consumer !== undefined) this.queue.removeConsumer(consumer);
  }

  limit(pick: number, prefetch: number): void {
    const { unacked } = this.channel(pick);
    unacked.credit.limit = prefetch;
    unacked.resumeAll();
  }

  settle(pick: number, which: number, multiple: boolean, outcome: Outcome): void {
    const channel = this.channel(pick);
    const tags = [...channel.held.keys()];
    const tag = tags[which % Math.max(1, tags.length)];
    if (tag === undefined) return;
    channel.unacked.settle(tag, multiple, outcome);
    this.#settled(channel, multiple ? tags.filter((other) => other <= tag) : [tag], outcome);
  }

  recover(pick: number): void {
    const channel = this.channel(pick);
    channel.unacked.requeueAll();
    this.#settled(channel, [...channel.held.keys()], 'requeue');
  }

  turn(): void {
    runAll(this.core.broker);
    const free = this.#freeConsumers();
    if (free.length > 0) expect(this.#ready).toEqual([]);
    expect([this.queue.readyCount, this.queue.unackedCount]).toEqual([this.#ready.length, this.#heldCount]);
  }

  channel(pick: number): CheckedSink {
    const channel = this.channels[pick % CHANNELS];
    if (channel === undefined) throw new Error('there is no such channel');
    return channel;
  }

  get #heldCount(): number {
    return this.channels.reduce((count, { held }) => count + held.size, 0);
  }

  #delivery(channel: CheckedSink, { consumerId, body, tag, redelivered }: Delivery): void {
    const consumer = channel.consumers.find(({ id }) => id === consumerId);
    if (consumer === undefined) throw new Error('a cancelled consumer was given a message');
    const number = this.#ready.shift();
    expect([body, redelivered]).toEqual([String(number), number !== undefined && this.#delivered.has(number)]);
    const free = this.#freeConsumers();
    expect(free).toContain(consumer);
    expect(consumer.priority).toBe(Math.max(...free.map(({ priority }) => priority)));
    this.#delivered.add(Number(body));
    channel.held.set(tag, { number: Number(body), consumer });
  }

  #settled(channel: CheckedSink, tags: readonly number[], outcome: Outcome): void {
    for (const tag of tags) {
      const held = channel.held.get(tag);
      channel.held.delete(tag);
      if (held !== undefined && outcome === 'requeue') this.#ready.push(held.number);
    }
    this.#ready.sort((a, b) => a - b);
  }

  /** Those that may be given one more, by what the model says they hold. */
  #freeConsumers(): Consumer[] {
    return this.channels.flatMap(({ consumers, held, unacked }) => {
      const { limit } = unacked.credit;
      if (limit > 0 && held.size >= limit) return [];
      const counts = (consumer: Consumer) => [...held.values()].filter((entry) => entry.consumer === consumer).length;
      return consumers.filter((consumer) => consumer.credit.limit === 0 || counts(consumer) < consumer.credit.limit);
    });
  }
}

const pick = fc.nat(CHANNELS - 1);
const outcomes = fc.constantFrom<Outcome>('ack', 'requeue', 'requeue', 'reject');

const steps: readonly fc.Arbitrary<Step<World>>[] = [
  fc.integer({ min: 1, max: 8 }).map((count) => step(`publish ${count}`, (world) => world.publish(count))),
  fc
    .tuple(pick, fc.nat(4), fc.integer({ min: -1, max: 1 }))
    .map(([channel, prefetch, priority]) =>
      step(`consume on ${channel}, prefetch ${prefetch}, priority ${priority}`, (world) =>
        world.consume(channel, prefetch, priority),
      ),
    ),
  fc
    .tuple(pick, fc.nat(9))
    .map(([channel, which]) => step(`cancel ${which} on ${channel}`, (world) => world.cancel(channel, which))),
  fc
    .tuple(pick, fc.nat(5))
    .map(([channel, prefetch]) => step(`limit ${channel} to ${prefetch}`, (world) => world.limit(channel, prefetch))),
  fc
    .tuple(pick, fc.nat(20), fc.boolean(), outcomes)
    .map(([channel, which, multiple, outcome]) =>
      step(`${outcome} ${multiple ? 'up to' : ''} ${which} on ${channel}`, (world) =>
        world.settle(channel, which, multiple, outcome),
      ),
    ),
  pick.map((channel) => step(`recover ${channel}`, (world) => world.recover(channel))),
  fc.constant(step<World>('turn', (world) => world.turn())),
  fc.constant(step<World>('turn', (world) => world.turn())),
];

test('what comes back is delivered in its old place, to consumers with credit, highest priority first', () => {
  checkSteps({
    world: () => new World(),
    steps,
    runs: 300,
    stepsMax: 80,
    finally: (world) => {
      world.turn();
      for (let channel = 0; channel < CHANNELS; channel++) world.recover(channel);
      world.turn();
    },
  });
});

test('consumers of one priority share evenly, whatever the others take', () => {
  const world = new World();
  for (let index = 0; index < 6; index++) world.consume(index, 0, 0);
  world.consume(0, 5, 1);
  world.publish(600 + 5);
  world.turn();
  const shares = new Map<number, number>();
  for (const { held } of world.channels) {
    for (const { consumer } of held.values()) shares.set(consumer.id, (shares.get(consumer.id) ?? 0) + 1);
  }
  expect([...shares].sort()).toEqual([...[0, 1, 2, 3, 4, 5].map((id) => [id, 100]), [6, 5]]);
});
