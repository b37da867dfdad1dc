/** A bit that flips in any byte of a small log: what it costs is named, and everything else is there and as it was. */

import { describe, expect, test } from 'vitest';
import { inspected, repaired } from '../support/repaired-log.ts';
import { type Contents, QUEUE_IDS, readLog, SIZES, SmallLog } from './small-log.ts';

const SEED = 1;
/** One in so many is also repaired. */
const REPAIRED_EACH = 23;
/** Reading a log thousands of times takes some seconds. */
const options = { timeout: 120_000 };

/** What flips have led to. */
interface Outcome {
  readonly wrong: readonly string[];
  /** How many of them cost nothing, and how many made recovery name all queues. */
  readonly harmless: number;
  readonly unspecific: number;
  readonly flips: number;
}

describe('one flipped bit', options, () => {
  const log = new SmallLog(SEED);
  log.append(200);
  const segments = log.disk.list().filter((name) => name.startsWith('segment-'));

  test('is looked for in a log of some size', () => {
    expect([log.records > 200, segments.length]).toEqual([true, 5]);
  });

  test.each(segments)('in %s loses only messages of queues that are named, and gives none another body', (name) => {
    const { wrong, unspecific, harmless, flips } = flipEach(log, name);

    expect({ wrong, unspecific }).toEqual({ wrong: [], unspecific: 0 });
    // Feet, and the zeros before them.
    expect(harmless).toBeLessThan(flips / 4);
  });

  test('in the newest checkpoint costs nothing as long as the log before it is there', () => {
    const kept = new SmallLog(SEED);
    kept.append(100);
    kept.checkpoint();
    kept.append(100);

    const { wrong, harmless, flips } = flipEach(kept, newestCheckpoint(kept));
    expect({ wrong, harmless }).toEqual({ wrong: [], harmless: flips });
  });

  test('in the newest checkpoint names all queues when the log before it is gone', () => {
    const reused = new SmallLog(SEED);
    reused.append(100);
    reused.settleAll();
    reused.checkpoint();
    reused.append(100);
    reused.settleAll();
    reused.checkpoint();
    reused.append(100);

    const { wrong, unspecific, flips } = flipEach(reused, newestCheckpoint(reused));
    expect(wrong).toEqual([]);
    // Of 64 bytes at its beginning some say nothing.
    expect(unspecific).toBeGreaterThan(flips - 64);
  });
});

function newestCheckpoint({ disk }: SmallLog): string {
  const [newest] = disk
    .list()
    .filter((name) => name.startsWith('checkpoint-'))
    .sort()
    .reverse();
  if (newest === undefined) throw new Error('there is no checkpoint');
  return newest;
}

function flipEach(log: SmallLog, file: string): Outcome {
  const { size } = log.disk.open(file);
  const wrong: string[] = [];
  let harmless = 0;
  let unspecific = 0;
  for (let at = 0; at < size; at++) {
    const disk = log.disk.copy();
    disk.flip(file, at, at % 8);
    const { contents, named } = readLog(disk);
    if (named === undefined) unspecific++;
    else if (named.size === 0) harmless++;
    const again = at % REPAIRED_EACH === 0 ? changedByRepair(log, file, at, contents) : [];
    for (const text of [...foreign(contents, log), ...unnamed(contents, log, named), ...again]) {
      wrong.push(`byte ${at} of ${file}: ${text}`);
    }
  }
  return { wrong, harmless, unspecific, flips: size };
}

/** What a repair leaves that it should not, or does not leave. */
function changedByRepair(log: SmallLog, file: string, at: number, before: Contents): string[] {
  const disk = log.disk.copy();
  disk.flip(file, at, at % 8);
  repaired(disk, SIZES);
  const left = disk.certain();
  const damages = inspected(left).damages.map((damage) => `${damage.file} is damaged after a repair`);
  const { contents } = readLog(left);
  const changed = QUEUE_IDS.filter((id) => keysOf(contents, id) !== keysOf(before, id)).map(
    (id) => `queue ${id} has ${keysOf(contents, id)} instead of ${keysOf(before, id)} after a repair`,
  );
  return [...damages, ...foreign(contents, log), ...changed];
}

/** Messages that were never published where they are. */
function foreign(contents: Contents, { ever }: SmallLog): string[] {
  return [...contents].flatMap(([queue, messages]) =>
    [...messages]
      .filter(([sequence, body]) => ever.get(queue)?.get(sequence) !== body)
      .map(([sequence, body]) => `queue ${queue} has '${body}' as message ${sequence}`),
  );
}

/** Queues that are not as they were, and not named. */
function unnamed(contents: Contents, { live }: SmallLog, named: ReadonlySet<number> | undefined): string[] {
  if (named === undefined) return [];
  return QUEUE_IDS.filter((id) => !named.has(id) && keysOf(contents, id) !== keysOf(live, id)).map(
    (id) => `queue ${id} has ${keysOf(contents, id)} instead of ${keysOf(live, id)}`,
  );
}

function keysOf(contents: Contents, queue: number): string {
  return [...(contents.get(queue)?.keys() ?? [])].sort((a, b) => a - b).join();
}
