/** Routing as the checkers know it: the plainest way to say which queues a message goes to. */

import { SimFailure } from '../failure.ts';
import type { ModelQueue } from './queue.ts';

export interface ModelBinding<Q extends ModelQueue = ModelQueue> {
  readonly queue: Q;
  readonly key: string;
}

export interface ModelExchange<Q extends ModelQueue = ModelQueue> {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  bindings: ModelBinding<Q>[];
  isDeleted: boolean;
}

/** The queues that a message with this key reaches, each once. */
export function route<Q extends ModelQueue>(exchange: ModelExchange<Q>, key: string): Set<Q> {
  const queues = new Set<Q>();
  for (const binding of exchange.bindings) if (matches(exchange.type, binding.key, key)) queues.add(binding.queue);
  return queues;
}

function matches(type: string, bindingKey: string, key: string): boolean {
  switch (type) {
    case 'fanout':
      return true;
    case 'direct':
      return bindingKey === key;
    case 'topic':
      return matchesWords(bindingKey.split('.'), key.split('.'));
    default:
      throw new SimFailure(`the model knows no exchange type '${type}'`);
  }
}

function matchesWords(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') return words.some((_, index) => matchesWords(rest, words.slice(index))) || matchesWords(rest, []);
  return words.length > 0 && (first === '*' || first === words[0]) && matchesWords(rest, words.slice(1));
}
