/** The log on disk: when what becomes durable, what never gets written, what stands together. */

import { describe, expect, test } from 'vitest';
import { createMessage } from '../../../test/support/core-broker.ts';
import { LogWorld, logWith } from '../../../test/support/opened-log.ts';
import { SETTLE_REASONS } from '../../core/records.ts';
import { logSuite } from '../log.test-suite.ts';

const ACKED = SETTLE_REASONS.acked;
const Q = 11;

logSuite('a log on disk', () => {
  const { log, messages, disk } = new LogWorld();
  return { log, messages, goOn: () => disk.runAll() };
});

describe('a log on disk', () => {
  test('says nothing is durable before it is synced, and reports it between turns', () => {
    const world = logWith([Q]);
    const { log, disk } = world;
    const before = log.durable;
    world.publish('a', [Q, 1]);
    log.flush();
    const { syncs } = disk.counts;
    const reports = world.reports;

    while (disk.counts.syncs === syncs) {
      expect([log.durable, world.reports]).toEqual([before, reports]);
      disk.step();
    }
    expect([log.durable, world.reports]).toEqual([log.appended, reports + 1]);
  });

  test('writes what comes while a batch is under way as the next one', () => {
    const world = logWith([Q]);
    const { log, disk } = world;
    const { batches } = world.opened.metrics;
    const first = world.publish('a', [Q, 1]);
    log.flush();
    world.publish('b', [Q, 2]);
    world.publish('c', [Q, 3]);
    log.flush();
    while (log.durable < first) disk.step();
    expect(log.durable).toBe(first);

    disk.runAll();
    expect([log.durable, world.opened.metrics.batches]).toEqual([log.appended, batches + 2]);
  });

  test('leaves out a message that has left all its queues by then, and confirms it', () => {
    const world = logWith([11, 12]);
    const { log } = world;
    const { records } = world.opened.metrics;
    const ticket = world.publish('gone', [11, 1], [12, 1]);
    world.publish('stays', [11, 2]);
    log.settle(11, 1, ACKED);
    log.settle(12, 1, ACKED);
    world.flush();

    expect(log.durable).toBeGreaterThan(ticket);
    expect(world.opened.metrics.records - records).toBe(1);
    expect(world.opened.metrics.elided).toBe(1);
    expect(world.killed().restored()).toEqual(['11:2=stays']);
  });

  test('writes a message for the queues that it has not left', () => {
    const world = logWith([11, 12]);
    world.publish('half', [11, 1], [12, 1]);
    world.log.settle(11, 1, ACKED);
    world.flush();

    expect(world.killed().restored()).toEqual(['12:1=half']);
  });

  test('confirms at once what leaves nothing to write', () => {
    const world = logWith([Q]);
    const { log, disk } = world;
    world.publish('gone', [Q, 1]);
    log.settle(Q, 1, ACKED);
    const { writes } = disk.counts;
    log.flush();

    expect([log.durable, disk.counts.writes]).toEqual([log.appended, writes]);
  });

  test('never leaves out what belongs to a group', () => {
    const world = logWith([Q]);
    const { log } = world;
    world.publish('before', [Q, 1]);
    log.beginGroup();
    world.publish('inside', [Q, 2]);
    log.settle(Q, 1, ACKED);
    log.endGroup();
    log.settle(Q, 2, ACKED);
    log.flush();

    expect(world.opened.metrics.elided).toBe(0);
  });

  test('writes nothing of a group before it has ended', () => {
    const world = logWith([Q]);
    const { log } = world;
    const before = log.appended;
    log.beginGroup();
    world.publish('a', [Q, 1]);
    world.flush();
    world.publish('b', [Q, 2]);
    world.flush();
    expect(log.durable).toBe(before);

    log.endGroup();
    world.flush();
    expect(log.durable).toBe(before + 2);
  });

  test('writes much in several batches, and a group in one', () => {
    const world = logWith([Q], { batchBytes: 100 });
    const { log } = world;
    const { batches } = world.opened.metrics;
    for (let sequence = 1; sequence <= 4; sequence++) world.publish('x'.repeat(80), [Q, sequence]);
    world.flush();
    expect(world.opened.metrics.batches - batches).toBe(4);

    log.beginGroup();
    for (let sequence = 5; sequence <= 8; sequence++) world.publish('x'.repeat(80), [Q, sequence]);
    log.endGroup();
    world.flush();
    expect(world.opened.metrics.batches - batches).toBe(5);
  });

  test('is behind when several full batches wait, until most of them are written', () => {
    const world = logWith([Q], { batchBytes: 1_000_000 });
    const { log, disk } = world;
    const body = 'x'.repeat(60_000);
    const seen: boolean[] = [log.isBehind];
    for (let sequence = 1; sequence <= 300; sequence++) {
      world.publish(body, [Q, sequence]);
      log.flush();
      if (log.isBehind !== seen.at(-1)) seen.push(log.isBehind);
    }
    const most = log.pendingBytes;
    while (log.isBehind) disk.step();

    expect([seen, most > 12_000_000, log.pendingBytes > 5_000_000]).toEqual([[false, true], true, true]);
    disk.runAll();
    expect(log.durable).toBe(log.appended);
  });

  test('leaves a message out of a batch that is full and not yet on its way', () => {
    const world = logWith([Q], { batchBytes: 100 });
    for (let sequence = 1; sequence <= 3; sequence++) world.publish('x'.repeat(80), [Q, sequence]);
    world.log.settle(Q, 2, ACKED);
    world.flush();

    expect(world.opened.metrics.elided).toBe(1);
    expect(
      world
        .killed()
        .restored()
        .map((text) => text.slice(0, 5)),
    ).toEqual(['11:1=', '11:3=']);
  });

  test('lets a delivery be made at once when its message stands in the same batch as the mark', () => {
    const world = logWith([Q]);
    const { log } = world;
    world.publish('a', [Q, 1]);
    expect(log.watermark(Q, 1, 64)).toBe(0);

    world.flush();
    expect(log.watermark(Q, 1, 128)).toBe(log.appended);
  });

  test('holds a message until its batch is written, whoever else lets go of it', () => {
    const world = logWith([Q]);
    const message = createMessage(world.messages, 'held', true);
    world.log.publish(message);
    world.log.reached(Q, 1);
    world.messages.release(message);
    expect(world.messages.stats.blocks).toBe(1);

    world.flush();
    expect(world.messages.stats.blocks).toBe(0);
    expect(world.killed().restored()).toEqual(['11:1=held']);
  });

  test('drops what is logged of a queue when its deletion is', () => {
    const world = logWith([11, 12]);
    world.publish('a', [11, 1], [12, 1]);
    world.flush();
    world.log.define({ kind: 'queue.deleted', id: 11 });
    world.flush();

    const { opened } = world.killed();
    expect(opened.definitions.findQueue(11)).toBeUndefined();
    expect(world.killed().restored()).toEqual(['12:1=a']);
  });
});
