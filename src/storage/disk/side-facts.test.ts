/** What is said of messages and keys: it comes back with them, however old it is, and goes with them. */

import { describe, expect, test } from 'vitest';
import { LogWorld, logWith, queueDeclared } from '../../../test/support/opened-log.ts';
import { inspected, repaired } from '../../../test/support/repaired-log.ts';
import { byteText } from '../../base/byte-text.ts';
import { SETTLE_REASONS } from '../../core/records.ts';

const Q = 11;
const ACKED = SETTLE_REASONS.acked;
const KEY = Uint8Array.of(0, 200, 255);

/** What is known of a queue, as words. */
function known({ opened }: LogWorld, queueId = Q): string[] {
  const { returns = [], dues = [], groupKeys = [], seen = [] } = opened.sideStateOf(queueId) ?? {};
  return [
    ...[...returns].map(([sequence, count]) => `${sequence} returned ${count}`),
    ...[...dues].map(([sequence, dueMs]) => `${sequence} due ${dueMs}`),
    ...[...groupKeys].map(([sequence, key]) => `${sequence} of ${key === byteText(KEY) ? 'the group' : key}`),
    ...[...seen].map(([key, untilMs]) => `${key === byteText(KEY) ? 'the key' : key} until ${untilMs}`),
  ];
}

const ALL = ['1 returned 3', '1 due 1000', '1 of the group', 'the key until 2000'];

/** Two messages, and everything that can be said of the first. */
function everythingSaid(world = logWith([Q, 12])): LogWorld {
  world.publish('a', [Q, 1]);
  world.log.delayDue(Q, 1, 1000);
  world.log.groupKey(Q, 1, KEY);
  world.log.dedupSeen(Q, KEY, 2000);
  world.publish('b', [Q, 2]);
  world.log.returned(Q, 1, 2);
  world.log.returned(Q, 1, 3);
  world.log.delayDue(Q, 2, 1);
  world.log.delayCancelled(Q, 2);
  world.flush();
  return world;
}

describe('facts about messages and keys', () => {
  test('come back after a power cut, from the log and from a checkpoint', () => {
    const world = everythingSaid();
    expect(known(world)).toEqual(ALL);
    expect(known(world.cutOff())).toEqual(ALL);

    world.checkpoint();
    expect(known(world.cutOff())).toEqual(ALL);
    world.log.returned(Q, 1, 4);
    world.flush();
    expect(known(world.cutOff())[0]).toBe('1 returned 4');
  });

  test('are not durable before their ticket is', () => {
    const world = everythingSaid();
    const ticket = world.log.returned(Q, 1, 4);
    world.log.flush();
    expect([world.log.durable < ticket, known(world.cutOff())]).toEqual([true, ALL]);

    world.flush();
    expect([world.log.durable, known(world.cutOff())[0]]).toEqual([ticket, '1 returned 4']);
  });

  test('outlive the segments that they stand in', () => {
    const sizes = { segmentBytes: 1000 };
    const world = everythingSaid(logWith([Q, 12], sizes));
    for (let sequence = 1; sequence <= 20; sequence++) {
      world.publish('x'.repeat(400), [12, sequence]);
      world.flush();
      world.log.settle(12, sequence, ACKED);
    }
    world.flush(40);
    expect(world.opened.metrics.retired).toBeGreaterThan(5);
    expect(Math.min(...[...world.opened.found.segments].map(({ number }) => number))).toBeGreaterThan(1);

    const next = world.cutOff(sizes);
    expect([known(next), next.restored()]).toEqual([ALL, ['11:1=a', '11:2=b']]);
  });

  test('go with the message when it is settled or purged; keys that were seen stay', () => {
    const world = everythingSaid();
    world.checkpoint();
    world.log.settle(Q, 1, ACKED);
    world.flush();
    expect([known(world), known(world.cutOff())]).toEqual([ALL.slice(3), ALL.slice(3)]);

    const other = everythingSaid();
    other.log.settleRun(Q, 1, 2, SETTLE_REASONS.purged);
    other.checkpoint();
    expect([known(other), known(other.cutOff())]).toEqual([ALL.slice(3), ALL.slice(3)]);
  });

  test('go with the queue', () => {
    const world = everythingSaid();
    world.checkpoint();
    world.log.define({ kind: 'queue.deleted', id: Q });
    world.log.dedupSeen(Q, KEY, 3000);
    world.flush();
    expect([known(world), known(world.cutOff())]).toEqual([[], []]);

    world.checkpoint();
    expect(known(world.cutOff())).toEqual([]);
    expect(world.opened.found.live.side.isEmpty).toBe(true);
  });

  test('come back when they were said while a checkpoint was written, of a queue that was declared then', () => {
    const world = everythingSaid(logWith([Q], { checkpointRecords: 1 }));
    let isDone = false;
    world.opened.checkpoint(() => {
      isDone = true;
    });
    world.flush(2);
    world.log.define(queueDeclared(12));
    world.publish('c', [12, 1]);
    world.log.delayDue(12, 1, 7);
    world.log.delayCancelled(Q, 1);
    world.flush(20);
    expect(isDone).toBe(true);

    const next = world.cutOff();
    expect([known(next, 12), known(next)]).toEqual([['1 due 7'], ALL.filter((text) => !text.includes('due'))]);
  });

  test('of a message that never reaches the disk do not reach it either', () => {
    const world = everythingSaid();
    const { records } = world.opened.metrics;
    world.publish('c', [Q, 3]);
    world.log.delayDue(Q, 3, 5);
    world.log.groupKey(Q, 3, KEY);
    world.log.settle(Q, 3, ACKED);
    world.flush();

    expect([world.log.durable, world.opened.metrics.records]).toEqual([world.log.appended, records]);
    expect([known(world), known(world.cutOff())]).toEqual([ALL, ALL]);
  });

  test('said with a publish stand in one batch with it, however full that is', () => {
    const world = logWith([Q], { batchBytes: 100 });
    const { batches } = world.opened.metrics;
    world.publish('x'.repeat(200), [Q, 1]);
    world.log.delayDue(Q, 1, 5);
    world.log.groupKey(Q, 1, KEY);
    world.log.dedupSeen(Q, KEY, 9);
    world.flush(2);

    expect(world.opened.metrics.batches).toBe(batches + 1);
  });

  test('do not keep keys whose time is up, once somebody says so', () => {
    const world = everythingSaid();
    world.log.dedupSeen(Q, Uint8Array.of(65), 3000);
    world.flush();
    world.log.dedupExpired(Q, 2000);
    expect(known(world)).toEqual([...ALL.slice(0, 3), 'A until 3000']);
    world.checkpoint();

    expect(known(world.cutOff())).toEqual([...ALL.slice(0, 3), 'A until 3000']);
  });

  test('do not go back to what they were, when the log is read over a checkpoint', () => {
    const world = logWith([Q]);
    world.publish('a', [Q, 1]);
    world.log.delayDue(Q, 1, 5);
    world.flush();
    world.log.delayCancelled(Q, 1);
    world.checkpoint();

    expect([known(world.cutOff()), world.cutOff().restored()]).toEqual([[], ['11:1=a']]);
  });
});

describe('on a full disk, facts', () => {
  const SIZES = { segmentBytes: 16_384, reserveBytes: 16_384 };
  const BODY = 'x'.repeat(1000);

  /** A full disk, on which a message waits for room. @returns its sequence */
  function waiting(): { world: LogWorld; last: number } {
    const world = logWith([Q, 12], SIZES);
    let last = 0;
    const publish = () => {
      world.publish(BODY, [Q, ++last]);
      world.log.flush();
      world.disk.runAll();
    };
    while (last < 20) publish();
    world.flush(20);
    world.disk.bytesMax = world.disk.usedBytes;
    while (world.faults.said.length === 0) publish();
    publish();
    expect(world.log.durable).toBeLessThan(world.log.saved);
    return { world, last };
  }

  test('about a message that waits for room wait with it; those about others do not', () => {
    const { world, last } = waiting();
    world.log.returned(Q, 1, 1);
    world.log.returned(Q, last, 5);
    world.flush(2);
    expect([known(world), known(world.cutOff(SIZES))]).toEqual([['1 returned 1'], ['1 returned 1']]);

    world.disk.heal();
    world.flush(10);
    const both = ['1 returned 1', `${last} returned 5`];
    expect([world.log.durable, known(world.cutOff(SIZES)).sort()]).toEqual([world.log.appended, both]);
  });

  test('about a message that is settled before there is room are never written', () => {
    const { world, last } = waiting();
    world.log.returned(Q, last, 5);
    world.flush(2);
    world.log.settle(Q, last, ACKED);
    world.flush(2);
    expect(world.log.durable).toBe(world.log.appended);
    world.disk.heal();
    world.flush(10);

    expect([known(world), known(world.cutOff(SIZES))]).toEqual([[], []]);
  });

  test('about keys wait with the publishes of their batch: what is known of a lost message would refuse the next try', () => {
    const { world, last } = waiting();
    world.publish(BODY, [Q, last + 1]);
    world.log.dedupSeen(Q, KEY, 2000);
    world.flush(2);
    expect([known(world), known(world.cutOff(SIZES))]).toEqual([[], []]);

    world.disk.heal();
    world.flush(10);
    expect(known(world.cutOff(SIZES))).toEqual(['the key until 2000']);
  });

  test('about keys wait for room when their message has left, and do not follow a queue that is gone', () => {
    const { world, last } = waiting();
    for (const [queueId, sequence] of [
      [Q, last + 1],
      [12, 1],
    ] as const) {
      world.publish(BODY, [queueId, sequence]);
      world.log.dedupSeen(queueId, KEY, 2000);
    }
    world.flush(2);
    world.log.settle(Q, last + 1, ACKED);
    world.log.define({ kind: 'queue.deleted', id: 12 });
    world.flush(2);
    world.disk.heal();
    world.flush(10);

    expect(known(world.cutOff(SIZES))).toEqual(['the key until 2000']);
    expect([known(world, 12), world.log.durable]).toEqual([[], world.log.appended]);
  });

  test('of a group do not wait, nor do its keys', () => {
    const { world, last } = waiting();
    world.publish(BODY, [Q, last + 1]);
    world.log.beginGroup();
    world.publish(BODY, [Q, last + 2]);
    world.log.delayDue(Q, last + 2, 5);
    world.log.dedupSeen(Q, KEY, 2000);
    world.log.endGroup();
    world.flush(2);

    const both = [`${last + 2} due 5`, 'the key until 2000'];
    expect(known(world.cutOff(SIZES))).toEqual(both);
    world.log.returned(Q, last + 2, 1);
    world.flush(2);
    expect(known(world.cutOff(SIZES))).toEqual([`${last + 2} returned 1`, ...both]);
  });
});

describe('a repair', () => {
  test('keeps what is known of messages that are left, and nothing else', () => {
    const sizes = { segmentBytes: 300 };
    const world = logWith([Q, 12], sizes);
    for (let sequence = 1; sequence <= 3; sequence++) {
      world.publish(`${sequence}`.repeat(300), [Q, sequence]);
      world.log.delayDue(Q, sequence, 100 + sequence);
      world.flush();
      world.log.returned(Q, sequence, sequence);
      world.log.dedupSeen(12, Uint8Array.of(64 + sequence), 9);
      world.flush();
    }
    const { live, segments } = world.opened.found;
    const holding = [...segments].find(({ slot }) => slot === live.slotOf(Q, 2));
    world.disk.flip(holding?.file.name ?? '', 200, 0);
    expect(inspected(world.disk).damages).toHaveLength(1);
    repaired(world.disk, sizes);

    const next = new LogWorld(world.disk.certain(), sizes);
    expect(next.restored().map((text) => text.slice(0, 5))).toEqual(['11:1=', '11:3=']);
    expect(known(next)).toEqual(['1 returned 1', '3 returned 3', '1 due 101', '3 due 103']);
    expect(known(next, 12)).toEqual(['A until 9', 'B until 9', 'C until 9']);
  });
});
