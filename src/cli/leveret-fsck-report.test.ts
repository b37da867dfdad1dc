/** What an operator reads about a data directory. */

import { describe, expect, test } from 'vitest';
import type { DirectoryReport, FoundDamage } from '../server/fsck.ts';
import { repairLines, reportLines } from './leveret-fsck-report.ts';

const CLEAN: DirectoryReport = {
  directory: '/data',
  isDamaged: false,
  segments: [{ file: 'segment-000001.log', bytes: 512, batches: 1, messages: 2 }],
  checkpoints: [{ file: 'checkpoint-000003', number: 3, bytes: 100, isWhole: true }],
  pageFiles: [{ file: 'page-7-1', bytes: 4096, pages: 2, damagedPages: 0, messages: 1000 }],
  unused: ['segment-000000.log'],
  torn: undefined,
  damages: [],
  queues: [{ vhost: '/', name: 'q', messages: 1002, isStopped: false }],
  lostQueues: [],
};

const DAMAGE: FoundDamage = {
  file: 'segment-000001.log',
  from: 8,
  to: 16,
  loss: 'records',
  queues: [{ vhost: '/', name: 'q' }],
  allQueues: false,
  definitions: false,
};

function damaged(damages: readonly FoundDamage[], more: Partial<DirectoryReport> = {}): DirectoryReport {
  return { ...CLEAN, isDamaged: true, damages, ...more };
}

describe('what is there', () => {
  test('is a line a file, and what it comes to', () => {
    expect(reportLines(CLEAN)).toEqual([
      '/data',
      '  checkpoint-000003: checkpoint, 100 bytes, whole',
      '  segment-000001.log: segment, 512 bytes, 1 batch, 2 live messages',
      '  page-7-1: pages, 4096 bytes, 2 pages in use, 1000 live messages',
      '  segment-000000.log: of no use any more; the next start removes it, or uses it again',
      'Nothing is damaged. 1002 messages in 1 durable queue can be read.',
    ]);
  });

  test('a torn end is explained, and is no damage', () => {
    const lines = reportLines({ ...CLEAN, torn: { file: 'segment-000001.log', from: 400 } });

    expect(lines).toContain(
      'Torn: segment-000001.log from byte 400 on. The next start cuts it; nothing that was confirmed is lost by it.',
    );
    expect(lines.at(-1)).toMatch(/^Nothing is damaged\./);
  });
});

describe('what is wrong', () => {
  const line = (damage: Partial<FoundDamage>) => reportLines(damaged([{ ...DAMAGE, ...damage }]))[5];

  test.each<[string, Partial<FoundDamage>, string]>([
    ['records', {}, "Messages and acknowledgements may be lost of: queue 'q' in vhost '/'."],
    ['records of deleted queues', { queues: [] }, 'be lost of: no queue that is still there.'],
    [
      'any record',
      { allQueues: true, definitions: true },
      'be lost of: any queue. Declarations of queues, exchanges, bindings or users may be lost.',
    ],
    ['messages', { loss: 'messages' }, "Messages of this queue are lost: queue 'q' in vhost '/'."],
    ['nothing', { loss: 'nothing' }, 'Nothing is lost: another checkpoint says the same.'],
  ])('names the file, the bytes, and that %s are lost', (_what, damage, text) => {
    expect(line(damage)).toMatch(/^Damaged: segment-000001.log from byte 8 to 16\. /);
    expect(line(damage)).toContain(text);
  });

  test('names some of very many queues in the line, and each with what can be read', () => {
    const queues = Array.from({ length: 12 }, (_, index) => ({ vhost: '/', name: `q${index}` }));
    const stopped = queues.map((queue) => ({ ...queue, messages: 1, isStopped: true }));
    const lines = reportLines(damaged([{ ...DAMAGE, queues }], { queues: stopped }));

    expect(lines[5]).toMatch(/queue 'q9' in vhost '\/' and 2 more\.$/);
    expect(lines).toContain("Stopped: queue 'q11' in vhost '/', 1 message can be read.");
  });

  test('says which files and declarations are missing, and how to go on', () => {
    const pageFiles = [{ file: 'page-7-1', bytes: undefined, pages: 2, damagedPages: 2, messages: 9 }];
    const checkpoints = [{ file: 'checkpoint-000003', number: 3, bytes: 100, isWhole: false }];
    const lines = reportLines(damaged([DAMAGE], { pageFiles, checkpoints, lostQueues: [8] }));

    expect(lines).toContain('  checkpoint-000003: checkpoint, 100 bytes, NOT WHOLE');
    expect(lines).toContain('  page-7-1: pages, MISSING, 2 pages in use, 2 NOT WHOLE, 9 live messages');
    expect(lines).toContain('Lost: the declaration of queue #8, and its messages with it.');
    expect(lines.at(-1)).toBe("'leveret fsck --repair /data' goes on without what is damaged, and keeps a copy of it.");
  });
});

describe('what a repair has done', () => {
  const kept = { folder: '/data/damaged-1', files: ['segment-000001.log'] };

  test('is where the copies are, and what comes of it', () => {
    expect(repairLines({ before: damaged([DAMAGE]), after: CLEAN, kept }).slice(-3)).toEqual([
      'Copied: segment-000001.log to /data/damaged-1',
      'Repaired: the next start finds nothing wrong. 1002 messages in 1 durable queue can be read.',
      'Messages that were acknowledged may come back, as redelivered: what said so may be lost.',
    ]);
  });

  test('is nothing where nothing was wrong', () => {
    const lines = repairLines({ before: CLEAN, after: CLEAN, kept: undefined });
    expect(lines.at(-1)).toMatch(/^Nothing is damaged, and nothing was changed\./);
  });

  test('is said honestly when something is still wrong', () => {
    const lines = repairLines({ before: damaged([DAMAGE]), after: damaged([DAMAGE]), kept });
    expect(lines.at(-2)).toBe('The repair has left this:');
    expect(lines.at(-1)).toMatch(/^Damaged: segment-000001.log/);
  });
});
