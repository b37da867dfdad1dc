/**
 * Looks through one page file by itself: which pages are whole, and which bytes are not a part of any.
 *
 * Behind the last whole page there may be one that was being written when the power went. Only the log knows whether
 * anybody relies on it; alone, a file cannot tell that from damage, and calls it so.
 */

import type { DiskFile } from '../disk.ts';
import { FileWindow } from '../file-window.ts';
import {
  assertKnownPage,
  findPageMagic,
  isContentWhole,
  PAGE_ALIGNMENT,
  PAGE_HEAD_BYTES,
  PAGE_MAGIC_BYTES,
  type PageHead,
  type PagePlace,
  parsePageFileName,
  readPageHead,
} from './page-format.ts';

export interface PageFileCheck {
  readonly pages: readonly PagePlace[];
  readonly damage: readonly { readonly from: number; readonly to: number }[];
}

/** @throws Error when the file cannot be read, its name is not one of a page file, or a newer program wrote it */
export function checkPageFile(file: DiskFile): PageFileCheck {
  const named = parsePageFileName(file.name);
  if (named === undefined) throw new Error(`${file.name} is no page file`);
  const window = new FileWindow(file);
  const pages: PagePlace[] = [];
  const damage: { from: number; to: number }[] = [];
  for (let at = 0; at < file.size; ) {
    const place = window.have(at, PAGE_HEAD_BYTES);
    if (place >= 0) assertKnownPage(window.view, place, file.name);
    const head = pageAt(window, at);
    if (head !== undefined && head.queueId === named.queueId && head.file === named.file) {
      const bytes = PAGE_HEAD_BYTES + head.contentBytes;
      const { queueId, firstSequence, span, earliestExpiryMs } = head;
      pages.push({ queueId, firstSequence, span, file: head.file, offset: at, bytes, earliestExpiryMs });
      at += bytes;
    } else {
      const next = nextPage(window, at + PAGE_ALIGNMENT) ?? file.size;
      damage.push({ from: at, to: next });
      at = next;
    }
  }
  return { pages, damage };
}

/** The head of the page that begins at `at`, when all of it is whole. */
function pageAt(window: FileWindow, at: number): PageHead | undefined {
  const place = window.have(at, PAGE_HEAD_BYTES);
  const head = place < 0 ? undefined : readPageHead(window.view, place);
  if (head === undefined) return undefined;
  const start = window.have(at, PAGE_HEAD_BYTES + head.contentBytes);
  return start >= 0 && isContentWhole(window.view, start, head) ? head : undefined;
}

function nextPage(window: FileWindow, from: number): number | undefined {
  for (let at = from; window.have(at, PAGE_MAGIC_BYTES) >= 0; ) {
    const found = findPageMagic(window.view, at - window.start);
    const end = window.start + window.view.byteLength;
    if (found < 0) at = Math.ceil((end - PAGE_MAGIC_BYTES + 1) / PAGE_ALIGNMENT) * PAGE_ALIGNMENT;
    else {
      const start = window.start + found;
      if (pageAt(window, start) !== undefined) return start;
      at = start + PAGE_ALIGNMENT;
    }
  }
  return undefined;
}
