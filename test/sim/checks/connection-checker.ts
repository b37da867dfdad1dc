/**
 * Checks everything that the broker writes to one connection against the model, as soon as it is written.
 */

import type { Log } from '../../../src/core/ports.ts';
import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import { check } from '../failure.ts';
import { checkProperties, idOf, type SimMessage } from '../message.ts';
import { ModelChannel, type ModelConsumer, type Owed, type Sent } from '../model/channel.ts';
import type { Model } from '../model/model.ts';
import type { Entry } from '../model/queue.ts';
import { CONNECTION_FORCED, NO_ROUTE } from '../model/reply-codes.ts';
import { type WireHandler, WireReader } from '../wire/reader.ts';

/** What all checkers of a world share. */
export interface CheckerWorld {
  readonly model: Model;
  readonly messages: readonly SimMessage[];
  readonly log: Pick<Log, 'deliverAt'> & { readonly certain: number };
  /** Rises with every look at the output of connections. */
  readonly round: number;
  /** Deliveries to consumers since the world last set it to 0. */
  deliveries: number;
}

/** A basic.deliver, basic.get-ok or basic.return whose content header is to come. */
interface Pending {
  readonly method: Extract<Method, { name: 'basic.deliver' | 'basic.get-ok' | 'basic.return' }>;
  readonly owed: Owed | undefined;
}

export class ConnectionChecker implements WireHandler {
  /** The identity by which exclusive queues know their owner. */
  readonly owner = {};
  readonly #world: CheckerWorld;
  readonly #opening: (number: number) => readonly Sent[];
  readonly #reader = new WireReader(this);
  readonly #channels = new Map<number, ModelChannel>();
  readonly #pending = new Map<number, Pending>();

  /** @param opening what the client sends on the channel that it opened first of those with this number */
  constructor(world: CheckerWorld, opening: (number: number) => readonly Sent[]) {
    this.#world = world;
    this.#opening = opening;
  }

  get channels(): Iterable<ModelChannel> {
    return this.#channels.values();
  }

  /** The broker makes the channel whose first method has come. */
  used(number: number): ModelChannel {
    const channel = this.#channels.get(number);
    check(channel !== undefined && !channel.isUsed, () => `channel ${number} is used, and not newly open`);
    channel.isUsed = true;
    return channel;
  }

  output(bytes: Uint8Array): void {
    this.#reader.read(bytes, 0, bytes.length);
  }

  method(number: number, method: Method): void {
    if (number === 0) return this.#ofConnection(method);
    if (method.name === 'channel.open-ok') return this.#opened(number);
    const channel = this.#channels.get(number);
    check(channel !== undefined, () => `${method.name} came on channel ${number}, which is not open`);
    switch (method.name) {
      case 'basic.deliver':
      case 'basic.return':
        this.#pending.set(number, { method, owed: undefined });
        return;
      case 'basic.get-ok':
        this.#pending.set(number, { method, owed: takeOwed(channel, method) });
        return;
      case 'basic.ack':
        return this.#confirmed(channel, method.deliveryTag, method.multiple);
      case 'basic.cancel':
        check(channel.cancelled.delete(method.consumerTag), () => `consumer '${method.consumerTag}' was cancelled`);
        return;
      case 'channel.close':
        check(channel.refusedWith === method.replyCode, () => `${channel} was closed: ${method.replyText}`);
        return checkReturned(channel);
      case 'channel.close-ok':
        check(!(channel.isOpen && channel.isUsed), () => `${channel} was closed without being asked to`);
        return checkReturned(channel);
      default:
        this.#answered(channel, method);
    }
  }

  header(number: number, bodyBytes: number, bytes: Uint8Array, start: number, end: number): void {
    const channel = this.#channels.get(number);
    const pending = this.#pending.get(number);
    check(channel !== undefined && pending !== undefined, () => `content without a method on channel ${number}`);
    this.#pending.delete(number);
    const id = idOf(bytes, start, end);
    const message = this.#world.messages[id];
    check(message !== undefined, () => `message ${id} was never published`);
    const address = checkProperties(message, bytes, start, end);
    if (address !== '') this.#world.model.replies.addressed(message, address);
    check(bodyBytes === message.bodyBytes, () => `message ${id} came with ${bodyBytes} bytes of ${message.bodyBytes}`);
    const { exchange, routingKey } = pending.method;
    const isSame = exchange === message.exchange && routingKey === message.key;
    check(isSame, () => `message ${id} came as from exchange '${exchange}' with key '${routingKey}'`);
    this.#content(channel, pending, message);
  }

  body(): void {}

  #ofConnection(method: Method): void {
    if (method.name === 'connection.close') {
      const isRefusal = [...this.#channels.values()].some(({ refusedWith }) => refusedWith === method.replyCode);
      check(
        isRefusal || method.replyCode === CONNECTION_FORCED,
        () => `the connection was closed: ${method.replyText}`,
      );
    }
    if (method.name !== 'connection.close-ok') return;
    const [left] = [...this.#world.model.leaving].filter(({ options }) => options.owner === this.owner);
    check(left === undefined, () => `close-ok was sent though ${left}, which is exclusive, is still there`);
  }

  #opened(number: number): void {
    this.#channels.set(number, new ModelChannel(number, this.owner, this.#opening(number)));
  }

  #content(channel: ModelChannel, { method, owed }: Pending, message: SimMessage): void {
    switch (method.name) {
      case 'basic.deliver':
        return this.#delivered(channel, method, message);
      case 'basic.get-ok':
        return this.#fetched(channel, method, owed, message);
      default:
        return this.#returned(channel, method, message);
    }
  }

  /** Unroutable mandatory messages come back, in their order. */
  #returned(channel: ModelChannel, method: Extract<Method, { name: 'basic.return' }>, message: SimMessage): void {
    const { replyCode, replyText } = method;
    const isNoRoute = replyCode === NO_ROUTE && replyText === 'NO_ROUTE';
    check(isNoRoute, () => `message ${message.id} was returned with ${replyCode} ${replyText}`);
    check(channel.unreturned.shift()?.message === message, () => `message ${message.id} was returned`);
    const { seen } = this.#world.model;
    seen.add('a message returned');
    if (channel.hasConfirms) seen.add('a return before a confirm');
  }

  #delivered(channel: ModelChannel, method: Extract<Method, { name: 'basic.deliver' }>, message: SimMessage): void {
    this.#world.deliveries++;
    const consumer = channel.consumers.get(method.consumerTag);
    check(consumer !== undefined, () => `consumer '${method.consumerTag}' got message ${message.id} after it had gone`);
    check(consumer.isAnnounced, () => `consumer '${method.consumerTag}' got message ${message.id} before consume-ok`);
    const { model } = this.#world;
    const entry = consumer.queue.deliver(message, method.redelivered, consumer.noAck);
    this.#checkCommitted(entry);
    model.delivering.add(consumer.queue);
    if (consumer.queue === channel.replyQueue) model.seen.add('a reply');
    channel.hold(method.deliveryTag, entry, consumer, consumer.noAck);
    this.#checkOrder(consumer, entry.position);
  }

  /** Where the log delivers at commit, nobody sees what might still be lost. */
  #checkCommitted({ queue, message, ticket }: Entry): void {
    const { log, model } = this.#world;
    if (log.deliverAt === 'append' || ticket === 0) return;
    check(ticket <= log.certain, () => `${queue} delivered message ${message.id} before it was durable`);
    model.seen.add('a delivery at commit');
  }

  /** Within one round a consumer gets its queue's messages in order, whatever became of them before. */
  #checkOrder(consumer: ModelConsumer, position: number): void {
    const isNewRound = consumer.round !== this.#world.round;
    const isInOrder = isNewRound || position > consumer.position;
    check(
      isInOrder,
      () => `consumer '${consumer.tag}' got message ${position} of ${consumer.queue} after ${consumer.position}`,
    );
    consumer.round = this.#world.round;
    consumer.position = position;
  }

  #fetched(
    channel: ModelChannel,
    method: Extract<Method, { name: 'basic.get-ok' }>,
    owed: Owed | undefined,
    message: SimMessage,
  ): void {
    const queue = owed?.queue;
    check(queue !== undefined, () => `${channel} got message ${message.id} without asking`);
    const noAck = owed?.noAck === true;
    const entry = queue.deliver(message, method.redelivered, noAck);
    this.#checkCommitted(entry);
    this.#world.model.delivering.add(queue);
    channel.hold(method.deliveryTag, entry, undefined, noAck);
    const isTrue = this.#world.model.isBehind || queue.isVague || method.messageCount === queue.readyCount;
    check(isTrue, () => `get-ok said ${method.messageCount} messages of ${queue.readyCount} in ${queue}`);
  }

  #confirmed(channel: ModelChannel, tag: number, multiple: boolean): void {
    const { unconfirmed } = channel;
    check(unconfirmed.has(tag), () => `${channel} got a confirm for ${tag}, which is not outstanding`);
    for (const [sequence, ticket] of unconfirmed) {
      if (sequence > tag) break;
      if (!multiple && sequence < tag) continue;
      check(ticket <= this.#world.log.certain, () => `${channel} got a confirm for ${sequence} before it was durable`);
      unconfirmed.delete(sequence);
    }
    const next = channel.unreturned[0];
    const isReturned = next === undefined || next.sequence > tag;
    check(isReturned, () => `${channel} got a confirm for ${next?.sequence} before its return`);
  }

  #answered(channel: ModelChannel, method: Method): void {
    const owed = takeOwed(channel, method);
    check(owed.ticket <= this.#world.log.certain, () => `${channel} got ${method.name} before all was durable`);
    if (method.name === 'tx.commit-ok') {
      channel.isCommitting = false;
      checkReturned(channel);
    }
    owed.verify?.(method);
    if (method.name !== 'basic.get-empty' || this.#world.model.isBehind) return;
    const isKnown = owed.queue !== undefined && !owed.queue.isDeleted && !owed.queue.isVague;
    const first = isKnown ? owed.queue?.firstReady : undefined;
    check(first === undefined, () => `${owed.queue} was called empty, but holds message ${first?.message.id}`);
  }
}

/** Before it hears how it ended, a client has all that comes back to it. */
function checkReturned(channel: ModelChannel): void {
  const [next] = channel.unreturned;
  check(next === undefined, () => `${channel} did not get message ${next?.message.id} back`);
}

function takeOwed(channel: ModelChannel, method: Method): Owed {
  const owed = channel.owed.shift();
  const isGet = owed?.name === 'basic.get-ok' && method.name === 'basic.get-empty';
  check(
    owed !== undefined && (owed.name === method.name || isGet),
    () => `${channel} got ${method.name} instead of ${owed?.name ?? 'nothing'}`,
  );
  return owed;
}
