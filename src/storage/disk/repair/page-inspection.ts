/**
 * Reads every page file from its start to its end, which a start of the broker does not: what is whole there, and which of
 * the pages that the log relies on are not.
 */

import type { Disk } from '../disk.ts';
import type { DurablePage } from '../pages/durable-page.ts';
import { checkPageFile } from '../pages/page-check.ts';
import { isPageAt } from '../pages/page-codec.ts';
import { type PagePlace, pageFileName, parsePageFileName } from '../pages/page-format.ts';
import { type PageIndex, storedOnce } from '../pages/page-index.ts';
import type { RecoveryProgress } from '../recovery.ts';

/** A file of pages. */
export interface PageFileFound {
  readonly file: string;
  readonly queueId: number;
  /** Undefined when it is not there. */
  readonly bytes: number | undefined;
  /** Those that are whole, whether they count or not. */
  readonly whole: readonly PagePlace[];
  /** Those that the log relies on, and the messages on them. */
  readonly counting: number;
  readonly messages: number;
  /** Those of them that cannot be read. */
  readonly damaged: readonly DurablePage[];
}

/** @throws Error when a file cannot be read, or a newer program wrote it */
export function* inspectPages(disk: Disk, pages: PageIndex): Generator<RecoveryProgress, readonly PageFileFound[]> {
  const counting = new Map<string, DurablePage[]>();
  for (const page of pages.all()) {
    const name = pageFileName(page.queueId, page.file);
    const inFile = counting.get(name);
    if (inFile === undefined) counting.set(name, [page]);
    else inFile.push(page);
  }
  const present = new Map<string, number>();
  for (const name of disk.list()) if (parsePageFileName(name) !== undefined) present.set(name, sizeOf(disk, name));
  const of = [...present.values()].reduce((sum, bytes) => sum + bytes, 0);
  const found: PageFileFound[] = [];
  let before = 0;
  for (const name of [...new Set([...present.keys(), ...counting.keys()])].sort()) {
    const bytes = present.get(name);
    found.push(inspectFile(disk, name, bytes, counting.get(name) ?? []));
    before += bytes ?? 0;
    yield { bytes: before, of };
  }
  return found;
}

function inspectFile(
  disk: Disk,
  name: string,
  bytes: number | undefined,
  pages: readonly DurablePage[],
): PageFileFound {
  const queueId = parsePageFileName(name)?.queueId ?? 0;
  const messages = pages.reduce((sum, { live }) => sum + live, 0);
  const counts = { file: name, queueId, bytes, counting: storedOnce(pages).length, messages };
  if (bytes === undefined) return { ...counts, whole: [], damaged: pages };
  const file = disk.open(name);
  const whole = checkPageFile(file).pages;
  const known = new Set(whole.map(keyOf));
  const damaged = pages.filter((page) => {
    if (known.has(keyOf(page))) return false;
    // What stands before it may have been damaged so that it looks like a part of that.
    const region = new Uint8Array(page.bytes);
    const read = file.readNow(region, page.offset);
    return read < page.bytes || !isPageAt(new DataView(region.buffer), page);
  });
  file.close();
  return { ...counts, whole, damaged };
}

function keyOf({ firstSequence, span, offset, bytes }: PagePlace): string {
  return `${offset} ${bytes} ${firstSequence} ${span}`;
}

function sizeOf(disk: Disk, name: string): number {
  const file = disk.open(name);
  const { size } = file;
  file.close();
  return size;
}
