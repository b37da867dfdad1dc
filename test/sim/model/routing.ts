/**
 * Routing as the checkers know it: the plainest way to say which queues a message goes to, through whatever exchanges.
 */

import { SimFailure } from '../failure.ts';
import { keysOf, type SimMessage } from '../message.ts';
import type { SimQueue } from './channel.ts';
import { type ModelBinding, ModelExchange, type ModelExchanges } from './exchanges.ts';
import { matchesHeaders } from './headers-match.ts';
import type { Sightings } from './sightings.ts';

/** The queues that a message reaches from an exchange, each once. */
export function route(
  exchanges: ModelExchanges,
  first: ModelExchange,
  message: SimMessage,
  seen: Sightings,
): Set<SimQueue> {
  const queues = new Set<SimQueue>();
  const visited = new Set([first]);
  // A set's iteration comes to what is added meanwhile, and to nothing twice.
  for (const exchange of visited) {
    const matching = exchange.bindings.filter((binding) => matches(exchange.facts.type, binding, message));
    for (const { destination } of matching) {
      if (!(destination instanceof ModelExchange)) queues.add(destination);
      else {
        seen.add(visited.has(destination) ? 'a circle of exchanges' : 'a message handed on to another exchange');
        visited.add(destination);
      }
    }
    if (matching.length > 0 && exchange.facts.type === 'headers') seen.add('a match of headers');
    const alternate = matching.length > 0 ? undefined : exchanges.find(exchange.facts.alternate);
    if (alternate === undefined) continue;
    seen.add('an alternate exchange');
    visited.add(alternate);
  }
  return queues;
}

function matches(type: string, binding: ModelBinding, message: SimMessage): boolean {
  switch (type) {
    case 'fanout':
      return true;
    case 'direct':
      return keysOf(message).includes(binding.key);
    case 'topic':
      return keysOf(message).some((key) => matchesWords(binding.key.split('.'), key.split('.')));
    case 'headers':
      return matchesHeaders(binding.arguments, message.template.headers);
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
