/** What every log does, whatever it keeps: tickets, when they are durable, and who is told. */

import { describe, expect, test } from 'vitest';
import { createMessage } from '../../test/support/core-broker.ts';
import type { Messages } from '../core/messages.ts';
import type { Log } from '../core/ports.ts';
import { SETTLE_REASONS } from '../core/records.ts';

/** A new log, and how its world goes on. */
export interface LogUnderTest {
  readonly log: Log;
  /** Those that the log keeps references to. */
  readonly messages: Messages;
  /** Whatever the log waits for comes: of a log on a disk, the disk does all that it was asked for. */
  goOn(): void;
}

const NOTHING = { durabilityReached: () => {} };

/** One record of each kind. @returns their tickets, without those of groups */
function appendAll({ log, messages }: LogUnderTest): number[] {
  const message = createMessage(messages, 'hello', true);
  const tickets = [log.define({ kind: 'queue.deleted', id: 9 }), log.publish(message)];
  log.reached(1, 1);
  log.reached(2, 1);
  log.dedupExpired(1, 0);
  tickets.push(
    log.delayDue(1, 1, 2 ** 53 - 1),
    log.groupKey(1, 1, Uint8Array.of(0, 255)),
    log.dedupSeen(1, new Uint8Array(255), 0),
    log.returned(2, 1, 2 ** 32 - 1),
    log.delayCancelled(1, 1),
  );
  tickets.push(log.settle(1, 1, SETTLE_REASONS.acked), log.settleRun(2, 1, 5, SETTLE_REASONS.purged));
  messages.release(message);
  return tickets;
}

export function logSuite(name: string, open: () => LogUnderTest): void {
  describe(name, () => {
    test('gives dense tickets, and says which one is the newest', () => {
      const world = open();
      const before = world.log.appended;

      expect(appendAll(world)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((place) => before + place));
      expect(world.log.appended).toBe(before + 9);
    });

    test('lets queues deliver at append, as RabbitMQ does', () => {
      expect(open().log.deliverAt).toBe('append');
    });

    test('has nothing durable before a flush, and all of it when its world has gone on', () => {
      const world = open();
      const { log } = world;
      const before = log.durable;
      appendAll(world);
      world.goOn();
      expect(log.durable).toBe(before);

      log.flush();
      world.goOn();
      expect(log.durable).toBe(log.appended);
    });

    test('calls back whoever waits for a ticket, once and not before', () => {
      const world = open();
      const { log } = world;
      const told: string[] = [];
      const waiter = (text: string) => ({
        durabilityReached: () => void told.push(`${text} ${log.durable >= second}`),
      });
      const [first = 0, second = 0] = appendAll(world);
      log.whenDurable(first, waiter('first'));
      log.whenDurable(second, waiter('second'));
      expect(told).toEqual([]);

      for (let turn = 0; turn < 3; turn++) {
        log.flush();
        world.goOn();
      }
      expect(told).toEqual(['first true', 'second true']);
    });

    test('has all of a group durable with the flush after it', () => {
      const world = open();
      const { log } = world;
      log.beginGroup();
      const tickets = appendAll(world);
      log.endGroup();
      world.goOn();
      expect(log.durable).toBeLessThan(tickets[0] ?? 0);

      log.flush();
      world.goOn();
      expect(log.durable).toBe(tickets.at(-1));
    });

    test('takes what is said of messages that are settled in the same turn, alone or in a group', () => {
      const world = open();
      const { log } = world;
      for (const isGroup of [false, true]) {
        if (isGroup) log.beginGroup();
        appendAll(world);
        log.returned(2, 1, 1);
        if (isGroup) log.endGroup();
      }
      log.flush();
      world.goOn();

      expect(log.durable).toBe(log.appended);
    });

    test('keeps no message longer than it must', () => {
      const world = open();
      appendAll(world);
      world.log.flush();
      world.goOn();

      expect(world.messages.stats.blocks).toBe(0);
    });

    test('says of a delivery that it may be made now, or after which ticket', () => {
      const world = open();
      const { log } = world;
      appendAll(world);
      const ticket = log.watermark(1, 1, 64);
      expect([0, log.appended]).toContain(ticket);
      if (ticket > 0) log.whenDurable(ticket, NOTHING);

      log.flush();
      world.goOn();
      expect(log.durable).toBe(log.appended);
    });
  });
}
