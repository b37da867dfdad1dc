/**
 * The consumers of one channel: by tag for the client, by a small number for deliveries.
 *
 * hot path: flat memory
 */

import { refusal } from '../../core/errors.ts';
import { serverConsumerTag } from '../../core/names.ts';
import type { DeliverySink } from '../../core/ports.ts';
import { Consumer } from '../../core/queue/consumer.ts';
import type { Queue } from '../../core/queue/queue.ts';
import type { Unacked } from '../../core/queue/unacked.ts';
import type { ChannelHost } from './channel-contract.ts';
import { DeliverTemplate } from './delivery-writer.ts';

export interface ConsumeRequest {
  readonly queue: Queue;
  /** Empty: the broker makes one up. */
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
}

/** What the consumers need of their channel. */
export interface ConsumingChannel extends DeliverySink {
  readonly host: ChannelHost;
  readonly unacked: Unacked;
  /** For consumers to come. */
  readonly prefetch: number;
}

export class ChannelConsumers {
  readonly #channel: ConsumingChannel;
  readonly #byTag = new Map<string, Consumer>();
  readonly #byId: (Consumer | undefined)[] = [];
  readonly #templates: DeliverTemplate[] = [];

  constructor(channel: ConsumingChannel) {
    this.#channel = channel;
  }

  get size(): number {
    return this.#byTag.size;
  }

  template(id: number): DeliverTemplate {
    return this.#templates[id]!;
  }

  /**
   * Asked before anything is said about the queue.
   * @throws BrokerError 530 for a tag in use and for one consumer too many, 406 when there is no memory for more.
   */
  assertMayAdd(tag: string): void {
    if (this.#byTag.has(tag)) throw refusal.reusedConsumerTag(tag);
    const { consumersMax: limit, broker } = this.#channel.host;
    if (limit > 0 && this.#byTag.size >= limit) throw refusal.tooManyConsumers(limit);
    broker.alarms.assertRoomTo('consume');
  }

  /**
   * Makes a consumer that is not on its queue yet, so that consume-ok can go out first: then `queue.addConsumer`.
   * @throws BrokerError 403 when the queue is in exclusive use, or may never be.
   */
  create(request: ConsumeRequest): Consumer {
    const { host } = this.#channel;
    const tag = request.consumerTag === '' ? serverConsumerTag(host.broker.random) : request.consumerTag;
    this.#assertNotExclusive(request);
    const id = this.#freeId();
    const consumer = new Consumer({
      queue: request.queue,
      sink: this.#channel,
      unacked: this.#channel.unacked,
      id,
      tag,
      noAck: request.noAck,
      exclusive: request.exclusive,
      priority: request.priority,
      prefetch: this.#channel.prefetch,
    });
    this.#byTag.set(tag, consumer);
    this.#byId[id] = consumer;
    this.#templates[id] = new DeliverTemplate(tag);
    return consumer;
  }

  /** basic.cancel; an unknown tag is no error. */
  cancel(tag: string): void {
    const consumer = this.#byTag.get(tag);
    if (consumer === undefined) return;
    this.forget(consumer.id);
    consumer.queue.removeConsumer(consumer);
  }

  /** Consumers of queues that the user may no longer read leave them, and the client is told. */
  cancelUnreadable(): void {
    const { vhost, owner } = this.#channel.host;
    for (const consumer of [...this.#byTag.values()]) {
      const { queue } = consumer;
      // Direct replies need no permission; their queue is none of the vhost's.
      if (vhost.findQueue(queue.name) !== queue || vhost.access.may(owner, 'queue', queue.name, 'read')) continue;
      queue.removeConsumer(consumer);
      this.#channel.cancelled(consumer.id);
    }
  }

  /** The consumer has left its queue. @returns its tag. */
  forget(id: number): string {
    const consumer = this.#byId[id]!;
    this.#byTag.delete(consumer.tag);
    this.#byId[id] = undefined;
    this.#channel.host.broker.ended.keep('consumer', consumer);
    return consumer.tag;
  }

  /** The output has room again. */
  resumeAll(): void {
    for (const consumer of this.#byTag.values()) consumer.queue.resumeConsumer(consumer);
  }

  closeAll(): void {
    for (const tag of [...this.#byTag.keys()]) this.cancel(tag);
  }

  #assertNotExclusive(request: ConsumeRequest): void {
    const { queue } = request;
    let isTaken = request.exclusive && (queue.isSingleActive || queue.consumerCount > 0);
    for (const consumer of queue.consumers) isTaken ||= consumer.exclusive;
    if (isTaken) throw refusal.exclusiveConsumer(queue.name, this.#channel.host.vhost.name);
  }

  #freeId(): number {
    const free = this.#byId.indexOf(undefined);
    return free < 0 ? this.#byId.length : free;
  }
}
