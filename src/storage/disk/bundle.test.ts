/** What collects for one batch: facts in order, messages held, and those taken out again that have left all their queues. */

import { describe, expect, test } from 'vitest';
import { createMessage } from '../../../test/support/core-broker.ts';
import { Messages } from '../../core/messages.ts';
import { RECORD_KINDS, SETTLE_REASONS } from '../../core/records.ts';
import { Bundle } from './bundle.ts';

const { acked, rejected } = SETTLE_REASONS;
const NAMES = new Map(Object.entries(RECORD_KINDS).map(([name, kind]) => [kind, name]));

function world() {
  const messages = new Messages();
  const bundle = new Bundle(messages);
  const publish = (body: string, ...targets: readonly (readonly [queueId: number, sequence: number])[]) => {
    const message = createMessage(messages, body, true);
    bundle.publish(message);
    for (const [queueId, sequence] of targets) bundle.reached(queueId, sequence);
    messages.release(message);
  };
  return { messages, bundle, publish };
}

/** Kinds, subjects, places and counts; of messages their counts. */
function facts({ facts: { length, kinds, subjects, places, counts, left } }: Bundle): unknown[] {
  return Array.from({ length }, (_, fact) => {
    const kind = NAMES.get((kinds[fact] ?? 0) as 1);
    return kind === 'publish' ? [kind, left[fact]] : [kind, subjects[fact], places[fact], counts[fact]];
  });
}

describe('a bundle', () => {
  test('keeps facts in the order in which they came', () => {
    const { bundle, publish } = world();
    expect(bundle.isEmpty).toBe(true);
    bundle.settle(1, 5, 1, acked);
    publish('a', [1, 6], [2, 9]);
    bundle.settle(1, 7, 3, rejected);
    bundle.define(new Uint8Array(3));

    expect(facts(bundle)).toEqual([
      ['settle', 1, 5, 1],
      ['publish', 2],
      ['settle', 1, 7, 3],
      ['definition', 0, 0, 0],
    ]);
    expect(bundle.isEmpty).toBe(false);
  });

  test('makes one fact of settles in a row for the same reason', () => {
    const { bundle } = world();
    bundle.settle(1, 5, 1, acked);
    bundle.settle(1, 6, 2, acked);
    bundle.settle(1, 8, 1, rejected);
    bundle.settle(2, 9, 1, rejected);
    bundle.settle(2, 11, 1, rejected);

    expect(facts(bundle)).toEqual([
      ['settle', 1, 5, 3],
      ['settle', 1, 8, 1],
      ['settle', 2, 9, 1],
      ['settle', 2, 11, 1],
    ]);
  });

  test('holds its messages until it is emptied', () => {
    const { messages, bundle, publish } = world();
    publish('a', [1, 1]);
    publish('b', [1, 2]);
    expect(messages.stats.blocks).toBe(2);

    bundle.clear();
    expect([messages.stats.blocks, bundle.isEmpty, bundle.bytes]).toEqual([0, true, 0]);
  });

  test('takes a message out when it has left its last queue, and not before', () => {
    const { messages, bundle, publish } = world();
    publish('a', [1, 1], [2, 1]);
    expect([bundle.elide(1, 1), bundle.elided, messages.stats.blocks]).toEqual([true, 0, 1]);
    expect([bundle.holds(1, 1), bundle.holds(2, 1)]).toEqual([false, true]);
    expect([bundle.elide(2, 1), bundle.elided, messages.stats.blocks]).toEqual([true, 1, 0]);
    expect([bundle.bytes, bundle.elide(2, 1)]).toEqual([0, false]);

    bundle.clear();
    expect(messages.stats.blocks).toBe(0);
  });

  test('takes out nothing that is not here', () => {
    const { bundle, publish } = world();
    publish('a', [1, 1]);

    expect([bundle.elide(1, 2), bundle.elide(2, 1)]).toEqual([false, false]);
  });

  test('takes out nothing in a group, and nothing that was published in one', () => {
    const { bundle, publish } = world();
    publish('before', [1, 1]);
    bundle.beginGroup();
    publish('inside', [1, 2]);
    expect([bundle.isInGroup, bundle.elide(1, 1), bundle.elide(1, 2)]).toEqual([true, false, false]);

    bundle.endGroup();
    expect([bundle.isInGroup, bundle.elide(1, 2), bundle.elide(1, 1)]).toEqual([false, false, true]);
  });

  test('counts about as many bytes as it will take, large bodies included', () => {
    const { messages, bundle, publish } = world();
    publish('x'.repeat(1000), [1, 1], [2, 1]);
    const [head, target, ownHead, key] = [16, 16, 32, 3];
    expect(bundle.bytes).toBe(head + 2 * target + ownHead + key + 1000);

    const region = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };
    const origin = { id: 0, exchangeBytes: region, keyBytes: region };
    const pieces = [new Uint8Array(50_000), new Uint8Array(50_000)];
    const before = bundle.bytes;
    bundle.publish(messages.createLarge(origin, true, 0, 0, region, 0, 0, pieces));
    bundle.reached(1, 2);
    expect(bundle.bytes - before).toBe(head + target + ownHead + 100_000);
  });

  test('is as new after it was emptied, however much was in it', () => {
    const { bundle, publish } = world();
    for (let sequence = 1; sequence <= 70_000; sequence++) publish('a', [1, sequence]);
    bundle.clear();
    publish('b', [1, 3]);

    expect([facts(bundle), bundle.holds(1, 3), bundle.holds(1, 4)]).toEqual([[['publish', 1]], true, false]);
  });
});
