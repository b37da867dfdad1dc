/**
 * One file of pages of one queue: how far it is written, how far that is safe, and how many of its pages count.
 */

import type { DiskFile } from '../disk.ts';
import { pageFileName } from './page-format.ts';

export class PageFile {
  readonly number: number;
  readonly queueId: number;
  readonly name: string;
  /** Where the next page goes. */
  bytes = 0;
  /** Pages that something needs. */
  pages = 0;
  /** Nothing more is written to it. */
  isFull = false;
  /** After a failed write or sync nothing that was written since the last sync is believed. */
  isTrusted = true;
  /** Its name survives a power cut. */
  isNameSafe = false;
  /** The log has, or had, a page of it. */
  isKnown = false;
  isSyncing = false;
  /** While it is open. */
  handle: DiskFile | undefined;
  isRemoved = false;

  /** `SafeNames.failures` when it was made. */
  readonly nameFailures: number;

  constructor(queueId: number, number: number, nameFailures: number) {
    this.nameFailures = nameFailures;
    this.queueId = queueId;
    this.number = number;
    this.name = pageFileName(queueId, number);
  }
}
