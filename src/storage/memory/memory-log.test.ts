/** The log that keeps nothing: when its tickets become durable. */

import { describe, expect, test } from 'vitest';
import { Messages } from '../../core/messages.ts';
import { logSuite } from '../log.test-suite.ts';
import { MemoryLog } from './memory-log.ts';

logSuite('a log in memory', () => ({ log: new MemoryLog(), messages: new Messages(), goOn: () => {} }));

logSuite('a log in memory that is late', () => {
  const log = new MemoryLog({ flushesLate: () => 2 });
  const goOn = () => {
    log.flush();
    log.flush();
  };
  return { log, messages: new Messages(), goOn };
});

describe('a log in memory', () => {
  test('gives dense tickets and has them durable with the next flush', () => {
    const log = new MemoryLog();
    const tickets = [log.publish(1), log.settle(1, 1, 0), log.define({ kind: 'queue.deleted', id: 1 })];
    expect([tickets, log.durable, log.appended]).toEqual([[1, 2, 3], 0, 3]);
    log.flush();
    expect(log.durable).toBe(3);
  });

  test('is so many flushes late as it is told', () => {
    const log = new MemoryLog({ flushesLate: () => 2 });
    const durable: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      log.publish(1);
      log.flush();
      durable.push(log.durable);
    }
    expect(durable).toEqual([0, 0, 1, 2, 3]);
  });

  test('never lets a later ticket overtake an earlier one', () => {
    let late = 0;
    const log = new MemoryLog({ flushesLate: () => late });
    const durable = [3, 0, 0, 0, 0].map((flushes) => {
      late = flushes;
      log.publish(1);
      log.flush();
      return log.durable;
    });
    expect(durable).toEqual([0, 0, 0, 4, 5]);
  });
});
