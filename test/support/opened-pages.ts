/** The pages of a broker on a log that was opened, with a policy of their own. */

import type { Messages } from '../../src/core/messages.ts';
import type { Pump } from '../../src/core/pump.ts';
import type { Disk } from '../../src/storage/disk/disk.ts';
import type { OpenedLog } from '../../src/storage/disk/open-log.ts';
import { type PagePolicy, PageStore } from '../../src/storage/disk/pages/page-store.ts';

/** Nothing leaves memory. */
export const ALL_RESIDENT: PagePolicy = { pagesAhead: 1, isAnyDue: false, shouldPageOut: () => false };

export interface OpenedPagesOptions {
  readonly disk: Disk;
  readonly opened: OpenedLog;
  readonly messages: Messages;
  readonly pump: Pump;
  /** `ALL_RESIDENT` unless given. */
  readonly policy?: PagePolicy;
  readonly fileBytes?: number;
  /** A page cannot be had. */
  readonly damaged?: (queueId: number, file: string) => void;
}

export function openedPages(options: OpenedPagesOptions): PageStore {
  const { disk, opened, messages, pump, policy = ALL_RESIDENT, damaged = () => undefined, fileBytes } = options;
  return new PageStore({
    disk,
    names: opened.names,
    messages,
    pump,
    log: opened.log,
    policy,
    lastFile: opened.found.lastPageFile,
    onReady: () => undefined,
    damaged,
    onFault: () => undefined,
    ...(fileBytes === undefined ? {} : { fileBytes }),
  });
}
