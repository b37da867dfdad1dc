/** What the heads of messages and pages in a data directory say, without a broker. */

import { regionOf } from '../../src/base/bytes.ts';
import { Messages } from '../../src/core/messages.ts';
import { HOLE, type MessageHandle } from '../../src/core/ports.ts';
import { ReadOnlyDisk } from '../../src/server/read-only-disk.ts';
import type { DurablePage } from '../../src/storage/disk/pages/durable-page.ts';
import { decodeRestoredPage } from '../../src/storage/disk/pages/page-codec.ts';
import { pageFileName } from '../../src/storage/disk/pages/page-format.ts';
import { type RecoveredLog, Recovery } from '../../src/storage/disk/recovery.ts';
import { SafeNames } from '../../src/storage/disk/safe-names.ts';
import { readMessages } from '../../src/storage/disk/stored-messages.ts';

/** Of messages `priority time-to-live`, in the order of queues and sequences. */
export interface Heads {
  readonly inSegments: readonly string[];
  readonly onPages: readonly string[];
  /** Of each page: whether it expires with the first of its messages that does, as it says; and whether any does. */
  readonly pages: readonly string[];
}

export function headsIn(dataDir: string): Heads {
  const disk = new ReadOnlyDisk(dataDir);
  const messages = new Messages();
  const found = last(new Recovery(disk, new SafeNames(disk)).read());
  const headOf = (message: MessageHandle) => {
    const priority = messages.priority(messages.regionOf(message), messages.offsetOf(message));
    return `${priority} ${messages.timeToLiveMs(message)}`;
  };
  const onPages: string[] = [];
  const pages: string[] = [];
  for (const page of found.live.pages.all()) {
    const handles = handlesOn(page, disk, messages);
    onPages.push(...handles.map(headOf));
    const earliest = Math.min(...handles.map((handle) => messages.expiresAtMs(handle)));
    pages.push(`${page.earliestExpiryMs === earliest} ${Number.isFinite(earliest)}`);
  }
  const inSegments = handlesInSegments(found, messages).map(headOf);
  disk.close();
  return { inSegments, onPages, pages };
}

function handlesInSegments(found: RecoveredLog, messages: Messages): MessageHandle[] {
  const handles: [number, number, MessageHandle][] = [];
  last(readMessages(found, messages, (...place) => void handles.push(place)));
  handles.sort(([a, first], [b, second]) => a - b || first - second);
  return handles.map(([, , handle]) => handle);
}

function handlesOn(page: DurablePage, disk: ReadOnlyDisk, messages: Messages): MessageHandle[] {
  const region = regionOf(new Uint8Array(page.bytes));
  disk.open(pageFileName(page.queueId, page.file)).readNow(region.bytes, page.offset);
  const handles = new Uint32Array(page.span);
  decodeRestoredPage(messages, region, handles, undefined);
  return [...handles].filter((handle) => handle !== HOLE);
}

/** Goes through all steps. */
function last<Result>(steps: Generator<unknown, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
