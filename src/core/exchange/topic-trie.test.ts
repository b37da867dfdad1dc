/** The topic trie against the plainest matcher there is, and that it keeps nothing that was removed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitWords } from '../../base/dotted-words.ts';
import type { Binding, RoutedQueue } from '../binding.ts';
import { testBinding, testQueue } from './exchange.test-suite.ts';
import { TargetSet } from './target-set.ts';
import { TopicTrie } from './topic-trie.ts';

/** What the words mean, said as directly as possible. */
function matches([word, ...rest]: readonly string[], key: readonly string[]): boolean {
  if (word === undefined) return key.length === 0;
  if (word === '#') return matches(rest, key) || (key.length > 0 && matches([word, ...rest], key.slice(1)));
  return key.length > 0 && (word === '*' || word === key[0]) && matches(rest, key.slice(1));
}

const dotted = (...words: string[]) =>
  fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }).map((list) => list.join('.'));
const patterns = fc.array(dotted('a', 'b', '', '*', '#'), { maxLength: 12 });
const keys = fc.array(dotted('a', 'b', 'c', '', '*', '#'), { minLength: 1, maxLength: 5 });

/** One queue for each pattern, so that what matched shows. */
function trieOf(patternList: readonly string[]): { trie: TopicTrie<RoutedQueue>; bindings: Binding[] } {
  const trie = new TopicTrie<RoutedQueue>();
  const bindings = patternList.map((pattern, index) => testBinding(testQueue(`${index}`), pattern));
  for (const binding of bindings) trie.add(binding);
  return { trie, bindings };
}

function found(trie: TopicTrie<RoutedQueue>, key: string): string[] {
  const targets = new TargetSet();
  trie.match(key, targets);
  return targets.toArray().map(({ name }) => name);
}

function expected(bindings: readonly Binding[], key: string): string[] {
  const matching = bindings.filter((binding) => matches(splitWords(binding.key), splitWords(key)));
  return matching.map(({ destination }) => destination.name);
}

test('it finds the bindings that match, and no others', () => {
  fc.assert(
    fc.property(patterns, keys, (patternList, keyList) => {
      const { trie, bindings } = trieOf(patternList);
      for (const key of keyList) expect(found(trie, key).sort()).toEqual(expected(bindings, key).sort());
    }),
    { numRuns: 1000 },
  );
});

test('after some bindings are removed it finds the others', () => {
  const removals = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(patterns, keys, removals, (patternList, keyList, isRemoved) => {
      const { trie, bindings } = trieOf(patternList);
      for (const [index, binding] of bindings.entries()) if (isRemoved[index]) trie.remove(binding);
      const left = bindings.filter((_, index) => !isRemoved[index]);
      for (const key of keyList) expect(found(trie, key).sort()).toEqual(expected(left, key).sort());
    }),
    { numRuns: 1000 },
  );
});

test('it has the same nodes as if what was removed had never been there', () => {
  fc.assert(
    fc.property(patterns, patterns, (stay, go) => {
      const { trie } = trieOf(stay);
      const passing = go.map((pattern) => testBinding(testQueue('passing'), pattern));
      for (const binding of passing) trie.add(binding);
      for (const binding of passing) trie.remove(binding);
      expect(trie.nodeCount).toBe(trieOf(stay).trie.nodeCount);
    }),
  );
});

test('an empty trie has no nodes, and one for each word that differs', () => {
  expect(trieOf([]).trie.nodeCount).toBe(0);
  expect(trieOf(['a.b', 'a.c', 'a.*', 'a.#', 'a']).trie.nodeCount).toBe(5);
});

test('removing a binding that was never added leaves the others', () => {
  const { trie } = trieOf(['a.b']);
  trie.remove(testBinding(testQueue('other'), 'a.b'));
  trie.remove(testBinding(testQueue('other'), 'x.y.z'));
  expect([found(trie, 'a.b'), trie.nodeCount]).toEqual([['0'], 2]);
});

test('a pattern full of wildcards meets a long key that nearly matches, and an answer comes', () => {
  const { trie } = trieOf([Array.from({ length: 40 }, () => '#.a').join('.')]);
  const key = Array.from({ length: 120 }, () => 'a').join('.');
  expect(found(trie, key)).toEqual(['0']);
  expect(found(trie, `${key}.b`)).toEqual([]);
});
