/** Tests of the verdicts: a benchmark that judges wrongly is worse than none. */

import { describe, expect, test } from 'vitest';
import { measuredRow, median, memoryRow, replaceTable, table } from './table.mjs';

/** At most 1.3 * 1 / 13 = 0.1 of RabbitMQ's figure. */
const ROW = { name: 'row', flags: '--size 16', target: 1, rabbitmq310: 13 };

function round(own: number | undefined, peer: number) {
  return [
    { cpu: own, error: '' },
    { cpu: peer, error: '' },
  ];
}

describe('a row', () => {
  test('is met when the median of the ratios of its rounds is within the limit', () => {
    const [line] = measuredRow(ROW, [round(1, 10), round(9, 10), round(0.5, 10)]);
    expect(line).toMatchObject({ own: '1.00', peer: '10.00', ratio: '0.1000', limit: '0.1000', isMet: true });
  });

  test('is not met when that median is above the limit, whatever the best round was', () => {
    const [line] = measuredRow(ROW, [round(0.1, 10), round(1.1, 10), round(1.2, 10)]);
    expect(line).toMatchObject({ ratio: '0.1100', isMet: false });
  });

  test('compares brokers within a round and not across rounds', () => {
    const [line] = measuredRow(ROW, [round(1, 10), round(2, 20), round(4, 40)]);
    expect(line).toMatchObject({ own: '2.00', peer: '20.00', ratio: '0.1000', isMet: true });
  });

  test('is not met when a round failed, and says why', () => {
    const failed = [
      { cpu: undefined, error: 'ended with 3' },
      { cpu: 10, error: '' },
    ];
    const [line] = measuredRow(ROW, [round(1, 10), failed, round(1, 10)]);
    expect(line).toMatchObject({ own: '–', ratio: '–', isMet: false, note: 'ended with 3' });
  });

  test('has no verdict without a peer', () => {
    const [line] = measuredRow(ROW, [[{ cpu: 1, error: '' }]]);
    expect(line).toMatchObject({ own: '1.00', peer: '–', ratio: '–', isMet: undefined });
  });

  test('without a target has a ratio and no verdict, but must have been measured', () => {
    const [line] = measuredRow({ name: 'row' }, [round(1, 10)]);
    expect(line).toMatchObject({ own: '1.00', ratio: '0.1000', limit: '–', isMet: undefined });
    expect(measuredRow({ name: 'row' }, [round(undefined, 10)])[0]?.isMet).toBe(false);
  });

  test('with a target for latency gets a second line', () => {
    const row = { ...ROW, p99: { target: 200, rabbitmq310: 520 } };
    const lines = measuredRow(row, [
      [
        { cpu: 1, p99: 100, error: '' },
        { cpu: 10, p99: 400, error: '' },
      ],
    ]);
    expect(lines.map(({ ratio, limit, isMet }) => ({ ratio, limit, isMet }))).toEqual([
      { ratio: '0.1000', limit: '0.1000', isMet: true },
      { ratio: '0.2500', limit: '0.5000', isMet: true },
    ]);
  });

  test('with persistent messages says what reached the disk of them', () => {
    const rounds = [0.5, 2, 1].map((diskShare) => [
      { cpu: 1, diskShare, error: '' },
      { cpu: 10, diskShare: 3 * diskShare, error: '' },
    ]);
    const [line] = measuredRow(ROW, rounds);
    expect(line?.note).toBe('wrote 1.00 bytes per byte published, RabbitMQ 3.00');
    const [alone] = measuredRow(ROW, [[{ cpu: 1, diskShare: 0.25, error: '' }]]);
    expect(alone?.note).toBe('wrote 0.25 bytes per byte published');
  });
});

test('memory is judged by its megabytes, with or without a peer', () => {
  expect(memoryRow({ name: 'rest', targetMb: 70 }, [70, 100])).toMatchObject({ ratio: '0.70', isMet: true });
  expect(memoryRow({ name: 'rest', targetMb: 70 }, [71])).toMatchObject({ peer: '–', isMet: false });
});

test('the median of an even number of values is the mean of the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('a new table replaces the old one and leaves the rest of the document', () => {
  const document = 'before\n<!-- table: begin -->\nold\n<!-- table: end -->\nafter\n';
  const text = table(measuredRow(ROW, [round(2, 10)]));
  const replaced = replaceTable(document, text);
  expect(replaced).toMatch(/^before\n<!-- table: begin -->\n/);
  expect(replaced).toContain('| row, µs CPU | 2.00 | 10.00 | 0.2000 | 0.1000 | **not met** |  |');
  expect(replaced).toMatch(/<!-- table: end -->\nafter\n$/);
  expect(replaced).not.toContain('old');
  expect(() => replaceTable('no marks', text)).toThrow('table: begin');
});
