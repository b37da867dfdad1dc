/**
 * The bindings of a topic exchange as a tree of their words: bindings that begin alike share their first nodes.
 *
 * Matching takes the key's words one by one and keeps all nodes that the words so far lead to. A node counts once for
 * each word however many ways lead to it, so the cost is words times nodes reached: bindings that do not match cost
 * nothing beyond the words they share with the key, and patterns full of `#` cannot make it explode.
 */

import { ANY_WORD, ANY_WORDS, splitWords } from '../../base/dotted-words.ts';
import type { Binding, RoutedQueue, Targets } from '../binding.ts';

export class TopicTrie<Q extends RoutedQueue> {
  readonly #root = new TrieNode<Q>(false);
  #step = 0;

  add(binding: Binding<Q>): void {
    let node = this.#root;
    for (const word of splitWords(binding.key)) node = node.child(word) ?? node.addChild(word);
    node.bindings ??= new Set();
    node.bindings.add(binding);
  }

  remove(binding: Binding<Q>): void {
    removeBelow(this.#root, splitWords(binding.key), 0, binding);
  }

  /** Adds the bindings whose patterns match the key. */
  match(key: string, into: Targets<Q>): void {
    let reached: TrieNode<Q>[] = [];
    this.#step++;
    this.#reach(this.#root, reached);
    for (const word of splitWords(key)) {
      const next: TrieNode<Q>[] = [];
      this.#step++;
      for (const node of reached) this.#follow(node, word, next);
      if (next.length === 0) return;
      reached = next;
    }
    for (const node of reached) {
      if (node.bindings === undefined) continue;
      for (const binding of node.bindings) into.add(binding);
    }
  }

  /** The nodes of the tree besides its root; walks all of it. */
  get nodeCount(): number {
    return countNodes(this.#root) - 1;
  }

  #follow(node: TrieNode<Q>, word: string, next: TrieNode<Q>[]): void {
    if (node.takesAnyWords) this.#reach(node, next);
    const sameWord = node.words?.get(word);
    if (sameWord !== undefined) this.#reach(sameWord, next);
    if (node.anyWord !== undefined) this.#reach(node.anyWord, next);
  }

  /** A `#` may stand for no word at all, so that reaching a node reaches the `#` below it too. */
  #reach(start: TrieNode<Q>, reached: TrieNode<Q>[]): void {
    let node: TrieNode<Q> | undefined = start;
    while (node !== undefined && node.reachedAt !== this.#step) {
      node.reachedAt = this.#step;
      reached.push(node);
      node = node.anyWords;
    }
  }
}

class TrieNode<Q extends RoutedQueue> {
  /** Stands for a `#`: stays reached whatever words come. */
  readonly takesAnyWords: boolean;
  /** Below this node: for a word, for `*` and for `#`. */
  words: Map<string, TrieNode<Q>> | undefined = undefined;
  anyWord: TrieNode<Q> | undefined = undefined;
  anyWords: TrieNode<Q> | undefined = undefined;
  /** The bindings whose last word is this node. */
  bindings: Set<Binding<Q>> | undefined = undefined;
  /** The step of the matching that last came here. */
  reachedAt = 0;

  constructor(takesAnyWords: boolean) {
    this.takesAnyWords = takesAnyWords;
  }

  get isEmpty(): boolean {
    return (
      this.words === undefined &&
      this.anyWord === undefined &&
      this.anyWords === undefined &&
      this.bindings === undefined
    );
  }

  child(word: string): TrieNode<Q> | undefined {
    if (word === ANY_WORD) return this.anyWord;
    if (word === ANY_WORDS) return this.anyWords;
    return this.words?.get(word);
  }

  addChild(word: string): TrieNode<Q> {
    const child = new TrieNode<Q>(word === ANY_WORDS);
    if (word === ANY_WORD) this.anyWord = child;
    else if (word === ANY_WORDS) this.anyWords = child;
    else {
      this.words ??= new Map();
      this.words.set(word, child);
    }
    return child;
  }

  removeChild(word: string): void {
    if (word === ANY_WORD) this.anyWord = undefined;
    else if (word === ANY_WORDS) this.anyWords = undefined;
    else if (this.words?.delete(word) && this.words.size === 0) this.words = undefined;
  }
}

/** Removes a binding and every node that then leads to none. */
function removeBelow<Q extends RoutedQueue>(
  node: TrieNode<Q>,
  words: readonly string[],
  depth: number,
  binding: Binding<Q>,
): void {
  const word = words[depth];
  if (word === undefined) {
    if (node.bindings?.delete(binding) && node.bindings.size === 0) node.bindings = undefined;
    return;
  }
  const child = node.child(word);
  if (child === undefined) return;
  removeBelow(child, words, depth + 1, binding);
  if (child.isEmpty) node.removeChild(word);
}

function countNodes<Q extends RoutedQueue>(node: TrieNode<Q>): number {
  let count = 1;
  for (const child of node.words?.values() ?? []) count += countNodes(child);
  if (node.anyWord !== undefined) count += countNodes(node.anyWord);
  if (node.anyWords !== undefined) count += countNodes(node.anyWords);
  return count;
}
