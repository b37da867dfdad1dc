/**
 * After the log has been read: which page files hold something that counts, and which do not.
 */

import type { DefinitionState } from '../../definition-state.ts';
import type { Disk, DiskFile } from '../disk.ts';
import type { LiveMessages } from '../live-messages.ts';
import type { Damage } from '../segment-scan.ts';
import type { DurablePage } from './durable-page.ts';
import { assertKnownPage, PAGE_HEAD_BYTES, pageFileName, parsePageFileName } from './page-format.ts';
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
  const size = disk === undefined ? 0 : sizeOf(disk.open(name));
  const missing = storedOnce(pages).filter(({ offset, bytes }) => offset + bytes > size);
  return missing.map(({ queueId, offset, bytes }) => {
    return { file: name, from: offset, to: offset + bytes, queueIds: [queueId], hasDefinitions: false };
  });
}

/** All pages of a file come from one program: the first says which. @throws NewerFormatError when it is a newer one */
function sizeOf(file: DiskFile): number {
  const head = new Uint8Array(PAGE_HEAD_BYTES);
  const read = file.readNow(head, 0);
  assertKnownPage(new DataView(head.buffer, 0, read), 0, file.name);
  const { size } = file;
  file.close();
  return size;
}
