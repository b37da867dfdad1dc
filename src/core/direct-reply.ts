/**
 * Direct reply-to: a client consumes from the pseudo queue `amq.rabbitmq.reply-to`, gives that name as reply-to in its
 * requests, and whoever answers publishes to the default exchange with the address that stands there instead.
 *
 * Behind each address is a queue of its own that nobody can list, bind or get from, and that goes with its consumer.
 * The address cannot be guessed: who knows it may answer.
 */

import { EMPTY_TABLE } from '../base/field-table.ts';
import type { Random } from '../base/random.ts';
import { serverReplyAddress } from './names.ts';
import { ClassicQueue, type QueueWorld } from './queue/classic.ts';
import type { Queue, QueueOptions } from './queue/queue.ts';

const OPTIONS: QueueOptions = { durable: false, owner: undefined, autoDelete: true, arguments: EMPTY_TABLE };

/**
 * A mandatory message comes back unless it reaches a queue that a client could have declared. A reply queue is none, as
 * in RabbitMQ before 4: a mandatory answer is delivered and returned. Hot path.
 */
export function comesBack(queues: readonly Queue[]): boolean {
  for (const queue of queues) if (queue.options !== OPTIONS) return false;
  return true;
}

export interface ReplyWorld extends Omit<QueueWorld, 'unused'> {
  readonly random: Random;
  nextId(): number;
}

/** The reply queues of a vhost. */
export class ReplyQueues {
  readonly #byAddress = new Map<string, Queue>();
  readonly #shared: ReplyWorld;
  readonly #world: QueueWorld;

  constructor(world: ReplyWorld) {
    const { messages, log, residency, pump, unackedPaging } = world;
    this.#shared = world;
    this.#world = { messages, log, residency, pump, unackedPaging, unused: (queue) => this.#remove(queue) };
  }

  /** A queue for the replies to one consumer, whose name is the address; nothing leads to it until it is open. */
  create(): Queue {
    const address = serverReplyAddress(this.#shared.random);
    return new ClassicQueue(this.#shared.nextId(), address, OPTIONS, this.#world);
  }

  /** From now on, until its consumer leaves, messages for its address come to this queue. */
  open(queue: Queue): void {
    this.#byAddress.set(queue.name, queue);
  }

  find(address: string): Queue | undefined {
    return this.#byAddress.get(address);
  }

  #remove(queue: Queue): void {
    this.#byAddress.delete(queue.name);
    queue.delete();
  }
}
