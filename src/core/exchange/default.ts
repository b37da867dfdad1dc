/**
 * The default exchange, whose name is empty: every queue is bound to it by its own name, and nothing can change that.
 *
 * It keeps no bindings and asks the vhost for the queue, so that declaring and deleting queues costs it nothing.
 */

import { type Region, regionOf } from '../../base/bytes.ts';
import { EMPTY_TABLE, type FieldTable } from '../../base/field-table.ts';
import type { Binding, RoutedQueue, Targets } from '../binding.ts';
import { refusal } from '../errors.ts';
import type { Exchange } from './exchange.ts';

export class DefaultExchange<Q extends RoutedQueue> implements Exchange<Q> {
  readonly id: number;
  readonly name = '';
  readonly nameBytes: Region = regionOf(new Uint8Array(0));
  readonly type = 'direct';
  readonly durable = true;
  readonly autoDelete = false;
  readonly internal = false;
  readonly arguments = EMPTY_TABLE;
  readonly epoch = 0;
  readonly epochCoversQueues = false;
  readonly routesByKeyOnly = true;
  readonly alternate = undefined;
  readonly isDeleted = false;
  readonly isUnused = false;
  /** The binding of each queue to its name is not listed here. */
  readonly bindings: Iterable<Binding<Q>> = [];
  readonly bindingCount = 0;
  readonly #findQueue: (name: string) => Q | undefined;

  constructor(id: number, findQueue: (name: string) => Q | undefined) {
    this.id = id;
    this.#findQueue = findQueue;
  }

  /** As with `bindings`: the binding that every queue has does not count. */
  isBoundTo(): boolean {
    return false;
  }

  bind(): never {
    throw refusal.defaultExchange();
  }

  unbind(): never {
    throw refusal.defaultExchange();
  }

  unbindAll(): readonly Binding<Q>[] {
    return [];
  }

  setAlternate(): never {
    throw refusal.defaultExchange();
  }

  route(key: string, _headers: FieldTable, into: Targets<Q>): void {
    const queue = this.#findQueue(key);
    if (queue !== undefined) into.addQueue(queue);
  }

  delete(): never {
    throw refusal.defaultExchange();
  }
}
