/** What facts about messages and keys add up to, against the plainest model: a map from message to what is known of it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSteps, type Step, step } from '../../../test/support/steps.ts';
import type { SideFact } from '../../core/side-fact.ts';
import { SideState } from './side-state.ts';

class World {
  readonly side = new SideState();
  readonly #model = new Map<string, string | number>();

  apply(fact: SideFact): void {
    this.side.apply(fact);
    const { queueId } = fact;
    switch (fact.kind) {
      case 'returned': {
        const name = `${queueId} ${fact.sequence} returns`;
        this.#model.set(name, Math.max(fact.count, Number(this.#model.get(name) ?? 0)));
        break;
      }
      case 'delayDue':
        this.#model.set(`${queueId} ${fact.sequence} due`, fact.dueMs);
        break;
      case 'delayCancelled':
        this.#model.delete(`${queueId} ${fact.sequence} due`);
        break;
      case 'groupKey':
        this.#model.set(`${queueId} ${fact.sequence} group`, fact.key);
        break;
      case 'dedupSeen': {
        const name = `${queueId} key ${fact.key}`;
        this.#model.set(name, Math.max(fact.untilMs, Number(this.#model.get(name) ?? 0)));
      }
    }
    this.expectSame();
  }

  removeRun(queueId: number, first: number, count: number): void {
    this.side.removeRun(queueId, first, count);
    for (const name of [...this.#model.keys()]) {
      const [queue, sequence] = name.split(' ').map(Number);
      if (queue === queueId && sequence !== undefined && sequence >= first && sequence < first + count) {
        this.#model.delete(name);
      }
    }
    this.expectSame();
  }

  drop(queueId: number): void {
    this.side.dropQueue(queueId);
    for (const name of [...this.#model.keys()]) if (name.startsWith(`${queueId} `)) this.#model.delete(name);
    this.expectSame();
  }

  expectSame(): void {
    expect(entriesOf(this.side)).toEqual([...this.#model].sort(byName));
    expect(this.side.isEmpty).toBe(this.#model.size === 0);
    const copy = new SideState();
    for (const fact of this.side.facts()) copy.apply(fact);
    expect(entriesOf(copy)).toEqual(entriesOf(this.side));
  }
}

const QUEUES = [1, 2];

function entriesOf(side: SideState): [string, string | number][] {
  return QUEUES.flatMap((id): [string, string | number][] => {
    const { returns = [], dues = [], groupKeys = [], seen = [] } = side.of(id) ?? {};
    return [
      ...[...returns].map(([sequence, count]): [string, number] => [`${id} ${sequence} returns`, count]),
      ...[...dues].map(([sequence, dueMs]): [string, number] => [`${id} ${sequence} due`, dueMs]),
      ...[...groupKeys].map(([sequence, key]): [string, string] => [`${id} ${sequence} group`, key]),
      ...[...seen].map(([key, untilMs]): [string, number] => [`${id} key ${key}`, untilMs]),
    ];
  }).sort(byName);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

const queueId = fc.constantFrom(...QUEUES);
const sequence = fc.integer({ min: 1, max: 12 });
const count = fc.integer({ min: 1, max: 5 });
const key = fc.constantFrom('a', 'b', 'c');
const anyFact: fc.Arbitrary<SideFact> = fc.oneof(
  fc.record({ kind: fc.constant('returned' as const), queueId, sequence, count }),
  fc.record({ kind: fc.constant('delayDue' as const), queueId, sequence, dueMs: fc.nat() }),
  fc.record({ kind: fc.constant('delayCancelled' as const), queueId, sequence }),
  fc.record({ kind: fc.constant('groupKey' as const), queueId, sequence, key }),
  fc.record({ kind: fc.constant('dedupSeen' as const), queueId, key, untilMs: fc.nat() }),
);

const steps: fc.Arbitrary<Step<World>>[] = [
  anyFact.map((fact) => step(`apply ${JSON.stringify(fact)}`, (world) => world.apply(fact))),
  fc
    .tuple(queueId, sequence, fc.constantFrom(1, 2, 100))
    .map(([id, first, run]) =>
      step(`remove ${run} of ${id} from ${first}`, (world) => world.removeRun(id, first, run)),
    ),
  queueId.map((id) => step(`drop ${id}`, (world) => world.drop(id))),
];

describe('side state', () => {
  test('is what the facts add up to, without what belongs to messages and queues that are gone', () => {
    checkSteps({
      world: () => new World(),
      steps,
      runs: 100,
      stepsMax: 30,
      finally: (world) => world.expectSame(),
    });
  });

  test('has keys until somebody says that their time is up', () => {
    const side = new SideState();
    for (const [key, untilMs] of [
      ['a', 10],
      ['b', 20],
      ['a', 30],
    ] as const) {
      side.apply({ kind: 'dedupSeen', queueId: 1, key, untilMs });
    }
    side.expire(1, 19);
    side.expire(2, 100);
    expect([...(side.of(1)?.seen ?? [])]).toEqual([
      ['b', 20],
      ['a', 30],
    ]);

    side.expire(1, 20);
    expect([...(side.of(1)?.seen ?? [])]).toEqual([['a', 30]]);
    side.expire(1, 30);
    expect(side.isEmpty).toBe(true);
  });

  test('is rid of what belongs to messages that are not there', () => {
    const side = new SideState();
    for (const sequence of [1, 2]) {
      side.apply({ kind: 'returned', queueId: 1, sequence, count: 1 });
      side.apply({ kind: 'groupKey', queueId: 1, sequence, key: 'g' });
    }
    side.apply({ kind: 'dedupSeen', queueId: 1, key: 'a', untilMs: 5 });
    side.prune((_queueId, sequence) => sequence === 2);

    expect([...side.facts()]).toEqual([
      { kind: 'returned', queueId: 1, sequence: 2, count: 1 },
      { kind: 'groupKey', queueId: 1, sequence: 2, key: 'g' },
      { kind: 'dedupSeen', queueId: 1, key: 'a', untilMs: 5 },
    ]);
  });
});
