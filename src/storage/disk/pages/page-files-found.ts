/**
 * After the log has been read: which page files hold something that counts, and which do not; and when the messages of
 * those pages expire of which the log does not say that none of theirs does.
 */

import type { DefinitionState } from '../../definition-state.ts';
import type { Disk, DiskFile } from '../disk.ts';
import type { LiveMessages } from '../live-messages.ts';
import type { Damage } from '../segment-scan.ts';
import type { DurablePage } from './durable-page.ts';
import {
  assertKnownPage,
  PAGE_HEAD_BYTES,
  pageFileName,
  parsePageFileName,
  readPageHead,
  UNKNOWN_EXPIRY_MS,
} from './page-format.ts';
import { storedOnce } from './page-index.ts';

export interface PageFilesFound {
  /** Pages whose file is missing, or shorter than it was. */
  readonly damages: readonly Damage[];
  /** Names of files without a page that counts: of transient queues, unfinished, or all settled. */
  readonly unused: readonly string[];
  /** The highest number that a file has, or had. */
  readonly lastFile: number;
}

export interface PagesRead {
  readonly disk: Disk;
  readonly live: LiveMessages;
  readonly definitions: DefinitionState;
}

/** Drops the pages of queues that are gone, too. @throws Error when the disk cannot be read, or a newer program wrote it */
export function findPageFiles({ disk, live, definitions }: PagesRead): PageFilesFound {
  for (const queueId of live.pages.queueIds) {
    if (definitions.findQueue(queueId) === undefined) live.pages.dropQueue(queueId);
  }
  const present = disk.list().filter((name) => parsePageFileName(name) !== undefined);
  const files = new Map<string, DurablePage[]>();
  let lastFile = 0;
  for (const name of present) lastFile = Math.max(lastFile, parsePageFileName(name)?.file ?? 0);
  for (const page of live.pages.all()) {
    const name = pageFileName(page.queueId, page.file);
    const inFile = files.get(name);
    if (inFile === undefined) files.set(name, [page]);
    else inFile.push(page);
    lastFile = Math.max(lastFile, page.file);
  }
  const isPresent = new Set(present);
  return {
    damages: [...files].flatMap(([name, pages]) => missingPages(isPresent.has(name) ? disk : undefined, name, pages)),
    unused: present.filter((name) => !files.has(name)),
    lastFile,
  };
}

/** @param disk undefined when the file is not there */
function missingPages(disk: Disk | undefined, name: string, pages: readonly DurablePage[]): Damage[] {
  const size = disk === undefined ? 0 : look(disk.open(name), pages);
  const missing = storedOnce(pages).filter(({ offset, bytes }) => offset + bytes > size);
  return missing.map(({ queueId, offset, bytes }) => {
    return { file: name, from: offset, to: offset + bytes, queueIds: [queueId], hasDefinitions: false };
  });
}

/** @returns how long the file is. @throws NewerFormatError when a newer program wrote it */
function look(file: DiskFile, pages: readonly DurablePage[]): number {
  // All pages of a file come from one program: the first says which.
  assertKnownPage(headAt(file, 0), 0, file.name);
  for (const page of pages) if (page.earliestExpiryMs === UNKNOWN_EXPIRY_MS) readExpiry(file, page);
  const { size } = file;
  file.close();
  return size;
}

/** Only a page with messages that expire needs it. One that is not what it was is found to be damaged when it is read. */
function readExpiry(file: DiskFile, page: DurablePage): void {
  const head = readPageHead(headAt(file, page.offset), 0);
  if (head?.queueId !== page.queueId || head.firstSequence !== page.firstSequence) return;
  page.earliestExpiryMs = head.earliestExpiryMs;
}

/** What there is of it. */
function headAt(file: DiskFile, offset: number): DataView {
  const head = new Uint8Array(PAGE_HEAD_BYTES);
  const read = file.readNow(head, offset);
  return new DataView(head.buffer, 0, read);
}
