/**
 * The topic exchange: binding keys are patterns of dotted words, `*` for one word and `#` for any number of them.
 */

import { countAnyWords } from '../../base/dotted-words.ts';
import type { FieldTable } from '../../base/field-table.ts';
import type { Binding, RoutedQueue, Targets } from '../binding.ts';
import { refusal } from '../errors.ts';
import type { Router, RoutingLimits } from './router.ts';
import { TopicTrie } from './topic-trie.ts';

export class TopicRouter<Q extends RoutedQueue> implements Router<Q> {
  readonly routesByKeyOnly = true;
  readonly #trie = new TopicTrie<Q>();
  readonly #wildcardsMax: number;

  constructor(limits: RoutingLimits) {
    this.#wildcardsMax = limits.topicWildcardsMax;
  }

  add(binding: Binding<Q>): void {
    const wildcards = countAnyWords(binding.key);
    if (wildcards > this.#wildcardsMax) throw refusal.topicWildcards(binding.key, wildcards);
    this.#trie.add(binding);
  }

  remove(binding: Binding<Q>): void {
    this.#trie.remove(binding);
  }

  route(key: string, _headers: FieldTable, into: Targets<Q>): void {
    this.#trie.match(key, into);
  }
}
