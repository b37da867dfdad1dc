/** Up to where a durable queue may deliver: the log knows first, and is asked early enough that nobody waits for long. */

import { describe, expect, test } from 'vitest';
import type { DurabilityWaiter, Ticket } from '../ports.ts';
import { DeliveryMark, type MarkingLog } from './delivery-mark.ts';

/** A log that is told of marks, and answers when it is told to. */
class MarkLog implements MarkingLog {
  appended: Ticket = 0;
  saved: Ticket = 0;
  readonly marks: number[] = [];
  /** The message stands in the same batch as the mark. */
  isTogether = false;
  #waiter: DurabilityWaiter | undefined;

  watermark(_queueId: number, _sequence: number, upTo: number): Ticket {
    this.marks.push(upTo);
    this.appended++;
    return this.isTogether ? 0 : this.appended;
  }

  whenSaved(_ticket: Ticket, waiter: DurabilityWaiter): void {
    this.#waiter = waiter;
  }

  answer(): void {
    this.saved = this.appended;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.durabilityReached();
  }
}

function world(options: { isTogether?: boolean; unsure?: boolean } = {}) {
  const log = new MarkLog();
  log.isTogether = options.isTogether === true;
  if (options.unsure) log.appended = 1;
  let resumed = 0;
  const mark = new DeliveryMark({ id: 1, resume: () => void resumed++ }, log);
  const may = (sequence: number) => sequence <= mark.check || mark.mayDeliver(sequence);
  return { log, mark, may, resumed: () => resumed };
}

describe('a delivery', () => {
  test('waits for its mark when its message is in the log already', () => {
    const { log, may, resumed } = world();
    expect([may(1), log.marks, resumed()]).toEqual([false, [65], 0]);
    expect([may(1), log.marks]).toEqual([false, [65]]);

    log.answer();
    expect([resumed(), may(1), may(2)]).toEqual([1, true, true]);
  });

  test('is made at once when its message stands in one batch with its mark', () => {
    const { log, may } = world({ isTogether: true });

    expect([may(1), may(2), log.marks]).toEqual([true, true, [65]]);
  });

  test('never goes beyond what the log knows', () => {
    const { log, may } = world();
    may(1);
    log.answer();
    for (let sequence = 1; sequence <= 1000; sequence++) {
      const known = log.saved === log.appended ? (log.marks.at(-1) ?? 0) : (log.marks.at(-2) ?? 0);
      if (may(sequence)) expect(sequence).toBeLessThanOrEqual(known);
      else log.answer();
    }
  });

  test('has its mark raised when half of the block is used, so that it need not wait', () => {
    const { log, may } = world();
    may(1);
    log.answer();
    let sequence = 1;
    while (log.marks.length === 1) expect(may(sequence++)).toBe(true);

    expect(sequence - 1).toBeLessThan(65);
    log.answer();
    expect(may(66)).toBe(true);
  });

  test('has longer blocks where it had to wait, up to a limit', () => {
    const { log, may } = world();
    for (let sequence = 1; log.marks.length < 15; ) {
      if (may(sequence)) sequence = log.marks.at(-1) ?? sequence;
      else log.answer();
    }
    const blocks = log.marks.map((mark, index) => mark - (log.marks[index - 1] ?? 1));

    expect(blocks.slice(0, 3)).toEqual([64, 128, 256]);
    expect(Math.max(...blocks)).toBe(16_384);
  });
});

describe('a mark from before a restart', () => {
  test('lets everything up to it be delivered at once', () => {
    const { log, mark, may } = world();
    mark.restore(100);

    expect([may(1), may(100), log.marks]).toEqual([true, true, []]);
    expect([may(101), log.marks]).toEqual([false, [165]]);
  });

  test('is waited for while the log does not know yet that what it found is durable', () => {
    const { log, mark, may, resumed } = world({ unsure: true });
    mark.restore(100);
    expect([may(1), may(100), log.marks, resumed()]).toEqual([false, false, [], 0]);

    log.answer();
    expect([may(1), may(100), resumed()]).toEqual([true, true, 1]);
  });

  test('of which there is none is not waited for', () => {
    const { log, mark, may } = world({ unsure: true });
    mark.restore(0);

    expect([may(1), log.marks]).toEqual([false, [65]]);
  });
});
