/** A vhost without connections: exchanges, queues, bindings, and where a message would go. */

import { EMPTY_TABLE, type FieldTable } from '../../src/base/field-table.ts';
import type { ExchangeRequest } from '../../src/core/declarations.ts';
import { BrokerError } from '../../src/core/errors.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import type { Route } from '../../src/core/route.ts';
import { type CoreBroker, coreBroker, textRegion } from './core-broker.ts';

/** A vhost with short words for what the tests do to it. */
export class Topology {
  readonly warnings: string[] = [];
  readonly core: CoreBroker = coreBroker({
    logLines: { info: () => {}, warning: (text) => void this.warnings.push(text), error: () => {} },
  });

  exchange(name: string, options: Partial<ExchangeRequest> = {}): number {
    const defaults = { type: 'fanout', durable: false, autoDelete: false, internal: false, arguments: EMPTY_TABLE };
    return this.core.vhost.declareExchange(this.core.owner, { name, ...defaults, ...options });
  }

  queue(name: string, isDurable = false): Queue {
    const options = { durable: isDurable, exclusive: false, autoDelete: false, arguments: EMPTY_TABLE };
    return this.core.vhost.declareQueue(this.core.owner, { name, ...options }).queue;
  }

  bind(source: string, queue: string, key = '', bindingArguments: FieldTable = EMPTY_TABLE): number {
    return this.core.vhost.bindQueue(this.core.owner, queue, source, key, bindingArguments);
  }

  unbind(source: string, queue: string, key = ''): number {
    return this.core.vhost.unbindQueue(this.core.owner, queue, source, key, EMPTY_TABLE);
  }

  handOn(source: string, destination: string, key = ''): number {
    return this.core.vhost.bindExchange(this.core.owner, { source, destination, key, arguments: EMPTY_TABLE });
  }

  handOnNoMore(source: string, destination: string, key = ''): number {
    return this.core.vhost.unbindExchange(this.core.owner, { source, destination, key, arguments: EMPTY_TABLE });
  }

  delete(name: string, ifUnused = false): number {
    return this.core.vhost.deleteExchange(this.core.owner, name, { ifUnused });
  }

  route(exchange: string, key = 'k'): Route<Queue> {
    const bytes = textRegion(key);
    const { vhost } = this.core;
    return vhost.routeTo(vhost.exchange(exchange), bytes, 0, bytes.bytes.length);
  }

  reached(exchange: string, key = 'k'): string[] {
    return this.route(exchange, key).queues.map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.core.vhost.findExchange(name) !== undefined;
  }

  get exchangeNames(): string[] {
    return [...this.core.vhost.exchanges].map(({ name }) => name);
  }
}

/** The code and text with which something is refused. */
export function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof BrokerError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'not refused';
}
