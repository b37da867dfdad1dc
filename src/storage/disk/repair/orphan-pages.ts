/**
 * Pages that the log does not know any more because the record about them is lost, though their messages stand nowhere
 * else: which there are, and which of their messages may still be wanted.
 *
 * Some may have been acknowledged, and the record of that is lost too; so whoever takes them back must say that they are
 * delivered once more. What the newest checkpoint or a record that can be read says of a page is believed.
 */

import { regionOf } from '../../../base/bytes.ts';
import type { Messages } from '../../../core/messages.ts';
import { HOLE } from '../../../core/ports.ts';
import { type Checkpoint, readNewestCheckpoint } from '../checkpoint.ts';
import type { Disk } from '../disk.ts';
import { DurablePage, isSettled, settledBytes } from '../pages/durable-page.ts';
import { releaseAll } from '../pages/page.ts';
import { decodeRestoredPage } from '../pages/page-codec.ts';
import { type PagePlace, pageFileName } from '../pages/page-format.ts';
import { readRecords } from '../record-codec.ts';
import type { RecoveredLog, RecoveryProgress } from '../recovery.ts';
import { SegmentScan } from '../segment-scan.ts';

export interface OrphanPagesOptions {
  readonly disk: Disk;
  readonly found: RecoveredLog;
  /** All whole pages of all files. */
  readonly whole: readonly PagePlace[];
  /** Queues of which records are lost; undefined for all. */
  readonly concerned: ReadonlySet<number> | undefined;
  readonly messages: Messages;
}

/** @returns pages with at least one message that may be wanted */
export function* findOrphanPages(options: OrphanPagesOptions): Generator<RecoveryProgress, readonly DurablePage[]> {
  const { disk, found, whole, concerned } = options;
  const { checkpoint } = readNewestCheckpoint(disk);
  const lastKnown = lastOffsets(checkpoint?.pages ?? []);
  const candidates = whole.filter((page) => {
    const { queueId, offset } = page;
    if (concerned?.has(queueId) === false || found.definitions.findQueue(queueId) === undefined) return false;
    // Pages of a file become known in their order: of those before a known one, the checkpoint says that nothing is left.
    return found.live.pages.findAt(page) === undefined && offset > (lastKnown.get(nameOf(page)) ?? -1);
  });
  if (candidates.length === 0) return [];
  const said = new SaidOfPages(new Set(candidates.map(({ queueId }) => queueId)));
  yield* readRecordsOf(found, checkpoint, said);
  return candidates
    .filter((page) => !said.knows(page))
    .map((page) => orphanOf(page, said, options))
    .filter(({ live }) => live > 0);
}

/** By file, where the last page begins that is known there. */
function lastOffsets(pages: readonly PagePlace[]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const page of pages) last.set(nameOf(page), Math.max(page.offset, last.get(nameOf(page)) ?? 0));
  return last;
}

function nameOf({ queueId, file }: PagePlace): string {
  return pageFileName(queueId, file);
}

/** What the records that can be read say about some queues' pages and messages. */
class SaidOfPages {
  readonly #queueIds: ReadonlySet<number>;
  readonly #pages = new Set<string>();
  readonly #runs = new Map<number, { readonly first: number; readonly count: number }[]>();

  constructor(queueIds: ReadonlySet<number>) {
    this.#queueIds = queueIds;
  }

  settle(queueId: number, first: number, count: number): void {
    if (!this.#queueIds.has(queueId)) return;
    const runs = this.#runs.get(queueId);
    if (runs === undefined) this.#runs.set(queueId, [{ first, count }]);
    else runs.push({ first, count });
  }

  paged(page: PagePlace): void {
    this.#pages.add(keyOf(page));
  }

  knows(page: PagePlace): boolean {
    return this.#pages.has(keyOf(page));
  }

  /** Sequences of a page that have left their queue. */
  *settledOf({ queueId, firstSequence, span }: PagePlace): Iterable<number> {
    const end = firstSequence + span;
    for (const { first, count } of this.#runs.get(queueId) ?? []) {
      const to = Math.min(end, first + count);
      for (let sequence = Math.max(first, firstSequence); sequence < to; sequence++) yield sequence;
    }
  }
}

function keyOf({ queueId, file, offset }: PagePlace): string {
  return `${queueId} ${file} ${offset}`;
}

function* readRecordsOf(
  { segments }: RecoveredLog,
  checkpoint: Checkpoint | undefined,
  said: SaidOfPages,
): Generator<RecoveryProgress> {
  const position = { number: (checkpoint?.headBatch ?? 1) - 1, crc: 0 };
  const buffers = { bytes: new Uint8Array(0) };
  const all = [...segments];
  const of = all.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const segment of all) {
    const scan = new SegmentScan({ segment, position, buffers, damages: [] });
    for (let batch = scan.next(); batch !== undefined; batch = scan.next()) {
      readRecords(batch.view, batch.payloadAt, batch.payloadEnd, {
        content: () => undefined,
        settle: (queueId, first, count) => said.settle(queueId, first, count),
        watermark: () => undefined,
        used: () => undefined,
        paged: (page) => said.paged(page),
        definition: () => undefined,
        sideFact: () => undefined,
      });
      yield { bytes: before + batch.at, of };
    }
    before += segment.bytes;
  }
}

/** The page with everything settled that is, that stands elsewhere, or that was not to survive. */
function orphanOf(place: PagePlace, said: SaidOfPages, { disk, found, messages }: OrphanPagesOptions): DurablePage {
  const { queueId, firstSequence, span, offset, bytes } = place;
  const settled = new Uint8Array(settledBytes(span));
  const settle = (entry: number) => {
    settled[entry >>> 3] = (settled[entry >>> 3] ?? 0) | (1 << (entry & 7));
  };
  for (const sequence of said.settledOf(place)) settle(sequence - firstSequence);
  const region = regionOf(new Uint8Array(bytes));
  const file = disk.open(nameOf(place));
  file.readNow(region.bytes, offset);
  file.close();
  const handles = new Uint32Array(span);
  decodeRestoredPage(messages, region, handles, settled);
  for (let entry = 0; entry < span; entry++) {
    if (isSettled(settled, entry)) continue;
    const handle = handles[entry] ?? HOLE;
    const sequence = firstSequence + entry;
    if (handle === HOLE || found.live.isLive(queueId, sequence) || !messages.isPersistent(handle)) settle(entry);
  }
  releaseAll(messages, handles);
  return new DurablePage(place, settled);
}
