/**
 * Stands between a connection and one of its channels: tells the model of each command when the broker executes it, and
 * compares what the broker makes of it.
 */

import type { Region } from '../../../src/base/bytes.ts';
import { BrokerError } from '../../../src/core/errors.ts';
import type { ChannelPort } from '../../../src/protocols/amqp091/channel-contract.ts';
import { METHOD_IDS } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import type { SimMessage } from '../message.ts';
import type { ModelChannel, Sent } from '../model/channel.ts';
import { execute } from '../model/commands.ts';
import type { Model, SimQueue } from '../model/model.ts';
import type { SimLog } from '../node/log.ts';

const NOT_FOUND = 404;

export interface ObservedWorld {
  readonly model: Model;
  readonly log: SimLog;
  /** The broker's number for a queue. */
  queueId(name: string): number;
}

export class ObservedChannel implements ChannelPort {
  readonly #inner: ChannelPort;
  readonly #world: ObservedWorld;
  readonly #channel: ModelChannel;
  /** Called before the broker does something for this channel: everything written so far is looked at. */
  readonly #look: () => void;
  #message: SimMessage | undefined;
  #bodyReceived = 0;

  constructor(inner: ChannelPort, world: ObservedWorld, channel: ModelChannel, look: () => void) {
    this.#inner = inner;
    this.#world = world;
    this.#channel = channel;
    this.#look = look;
  }

  get isWaiting(): boolean {
    return this.#inner.isWaiting;
  }

  method(id: number, input: Region, start: number, end: number): void {
    this.#look();
    const sent = this.#channel.nextSent();
    const { name } = sent.method;
    check(METHOD_IDS[name] === id, () => `${this.#channel} executed method ${id >>> 16}/${id & 0xffff}, not ${name}`);
    const code =
      sent.message === undefined ? execute(this.#world.model, this.#channel, sent.method) : this.#begin(sent);
    this.#run(code, () => this.#inner.method(id, input, start, end));
  }

  expectMethod(): void {
    this.#inner.expectMethod();
  }

  header(input: Region, start: number, end: number, inputEnd: number): void {
    this.#look();
    this.#content(0, () => this.#inner.header(input, start, end, inputEnd));
  }

  body(input: Region, start: number, end: number): void {
    this.#look();
    this.#content(end - start, () => this.#inner.body(input, start, end));
  }

  endTurn(): void {
    this.#look();
    this.#inner.endTurn();
  }

  drained(): void {
    this.#look();
    this.#inner.drained();
  }

  permissionsChanged(): void {
    this.#look();
    this.#inner.permissionsChanged();
  }

  close(): void {
    this.#look();
    this.#world.model.closeChannel(this.#channel);
    this.#inner.close();
  }

  #begin({ message }: Sent): number {
    check(message !== undefined && this.#message === undefined, () => 'a publish began within another one');
    this.#bodyReceived = 0;
    if (message.exchange !== '' && !this.#world.model.exchanges.has(message.exchange)) return NOT_FOUND;
    this.#message = message;
    return 0;
  }

  /** Content arrives; with its last byte the message is published. */
  #content(bytes: number, run: () => void): void {
    const message = this.#message;
    check(message !== undefined, () => `${this.#channel} was handed content without a publish`);
    this.#bodyReceived += bytes;
    if (this.#bodyReceived < message.bodyBytes) return this.#run(0, run);
    this.#message = undefined;
    const { model, log } = this.#world;
    const queues = model.publish(message);
    log.expectPublish();
    this.#run(queues === undefined ? NOT_FOUND : 0, run);
    if (queues !== undefined) this.#published(message, queues);
  }

  #published(message: SimMessage, queues: ReadonlySet<SimQueue>): void {
    const channel = this.#channel;
    const { log } = this.#world;
    const durable = message.persistent ? [...queues].filter(({ options }) => options.durable) : [];
    const ids = durable.map(({ name }) => this.#world.queueId(name)).sort();
    check(
      ids.join() === [...log.reachedIds].sort().join(),
      () => `message ${message.id} was logged for queues ${log.reachedIds} instead of ${ids}`,
    );
    if (channel.hasConfirms) channel.unconfirmed.set(++channel.published, log.publishTicket);
    const sequence = channel.hasConfirms ? channel.published : Number.POSITIVE_INFINITY;
    if (queues.size === 0 && message.mandatory) channel.unreturned.push({ message, sequence });
  }

  #run(expectedCode: number, run: () => void): void {
    this.#channel.refusedWith = expectedCode;
    try {
      run();
    } catch (thrown) {
      if (thrown instanceof BrokerError) {
        check(thrown.code === expectedCode, () => `${this.#channel} was refused: ${thrown.message}`);
      }
      throw thrown;
    }
    check(expectedCode === 0, () => `${this.#channel} was not refused with ${expectedCode}`);
  }
}
