/** Ways through exchanges that hand on to each other, against a walk that is as plain as can be. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_TABLE, table } from '../../base/field-table.ts';
import type { RoutedExchange } from '../binding.ts';
import { bind, bindExchange, testExchange, testQueue } from './exchange.test-suite.ts';
import { TargetSet } from './target-set.ts';
import { walk } from './walk.ts';

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly key: string;
}

interface Topology {
  readonly types: readonly string[];
  readonly exchangeEdges: readonly Edge[];
  readonly queueEdges: readonly Edge[];
  /** By exchange: the number of its alternate, or none. */
  readonly alternates: readonly (number | undefined)[];
}

const EXCHANGES = 6;
const QUEUES = 4;

const number = (count: number) => fc.nat(count - 1);
const key = fc.constantFrom('a', 'b', 'c');
const edges = (targets: number) =>
  fc.array(fc.record({ from: number(EXCHANGES), to: number(targets), key }), { maxLength: 10 });
const topologies: fc.Arbitrary<Topology> = fc.record({
  types: fc.array(fc.constantFrom('direct', 'fanout', 'topic'), { minLength: EXCHANGES, maxLength: EXCHANGES }),
  exchangeEdges: edges(EXCHANGES),
  queueEdges: edges(QUEUES),
  alternates: fc.array(fc.option(number(EXCHANGES), { nil: undefined }), {
    minLength: EXCHANGES,
    maxLength: EXCHANGES,
  }),
});

/** The names of the queues that real exchanges answer with. */
function walked({ types, exchangeEdges, queueEdges, alternates }: Topology, keys: readonly string[]): string[] {
  const exchanges = types.map(testExchange);
  const queues = Array.from({ length: QUEUES }, (_, index) => testQueue(`${index}`));
  for (const { from, to, key } of exchangeEdges) bindExchange(at(exchanges, from), at(exchanges, to), key);
  for (const { from, to, key } of queueEdges) bind(at(exchanges, from), at(queues, to), key);
  for (const [index, alternate] of alternates.entries()) {
    if (alternate !== undefined) at(exchanges, index).setAlternate(at(exchanges, alternate));
  }
  const targets = new TargetSet();
  expect(walk(at(exchanges, 0), keys, undefined, targets)).toBe(true);
  return targets.toArray().map(({ name }) => name);
}

/** The same said directly: the exchanges that can be reached, and what is bound to these. */
function naive({ types, exchangeEdges, queueEdges, alternates }: Topology, keys: readonly string[]): string[] {
  const matches = ({ from, key }: Edge) => types[from] === 'fanout' || keys.includes(key);
  const reached = new Set([0]);
  for (const current of reached) {
    const onward = exchangeEdges.filter((edge) => edge.from === current && matches(edge));
    for (const { to } of onward) reached.add(to);
    const found = onward.length + queueEdges.filter((edge) => edge.from === current && matches(edge)).length;
    const alternate = alternates[current];
    if (found === 0 && alternate !== undefined) reached.add(alternate);
  }
  const queues = queueEdges.filter((edge) => reached.has(edge.from) && matches(edge)).map(({ to }) => String(to));
  return [...new Set(queues)];
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`there is no number ${index}`);
  return item;
}

describe('the way of a message', () => {
  test('through exchanges in any order, circles and alternates included, is that of a plain walk', () => {
    const keys = fc.uniqueArray(key, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(topologies, keys, (topology, keyList) => {
        expect(walked(topology, keyList).sort()).toEqual(naive(topology, keyList).sort());
      }),
      { numRuns: 2000 },
    );
  });

  test('a queue that can be reached in two ways gets one copy', () => {
    const [source, left, right] = [testExchange('fanout'), testExchange('fanout'), testExchange('fanout')];
    const queue = testQueue('q');
    for (const middle of [left, right]) {
      bindExchange(source, middle, '');
      bind(middle, queue, '');
    }
    expect(namesBehind(source)).toEqual(['q']);
  });

  test('the alternate is not taken when an exchange was found, even one that leads nowhere', () => {
    const [source, deadEnd, alternate] = [testExchange('direct'), testExchange('direct'), testExchange('fanout')];
    bind(alternate, testQueue('q'), '');
    bindExchange(source, deadEnd, 'k');
    source.setAlternate(alternate);
    expect([namesBehind(source, 'k'), namesBehind(source, 'other')]).toEqual([[], ['q']]);
  });

  test('with several keys the alternate is taken when none of them matches', () => {
    const [source, alternate] = [testExchange('direct'), testExchange('fanout')];
    bind(source, testQueue('own'), 'a');
    bind(alternate, testQueue('other'), '');
    source.setAlternate(alternate);
    expect([namesBehind(source, 'b', 'a'), namesBehind(source, 'b', 'c')]).toEqual([['own'], ['other']]);
  });

  test('cannot be told without the headers as soon as a headers exchange stands on it, for that key only', () => {
    const [source, headers] = [testExchange('direct'), testExchange('headers')];
    bindExchange(source, headers, 'k');
    bind(headers, testQueue('q'), '', table({ a: 1 }));
    expect(walk(source, ['other'], undefined, new TargetSet())).toBe(true);
    expect(walk(source, ['k'], undefined, new TargetSet())).toBe(false);
    const targets = new TargetSet();
    expect(walk(source, ['k'], table({ a: 1 }), targets)).toBe(true);
    expect(targets.toArray().map(({ name }) => name)).toEqual(['q']);
  });
});

function namesBehind(first: RoutedExchange, ...keys: string[]): string[] {
  const targets = new TargetSet();
  walk(first, keys.length === 0 ? ['k'] : keys, EMPTY_TABLE, targets);
  return targets.toArray().map(({ name }) => name);
}
