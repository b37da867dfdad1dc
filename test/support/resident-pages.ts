/** The pages of a broker that never has too much in memory: what a log needs to bring messages back. */

import type { Messages } from '../../src/core/messages.ts';
import type { Pump } from '../../src/core/pump.ts';
import type { Disk } from '../../src/storage/disk/disk.ts';
import type { OpenedLog } from '../../src/storage/disk/open-log.ts';
import { PageStore } from '../../src/storage/disk/pages/page-store.ts';

export interface ResidentPagesOptions {
  readonly disk: Disk;
  readonly opened: OpenedLog;
  readonly messages: Messages;
  readonly pump: Pump;
}

export function residentPages({ disk, opened, messages, pump }: ResidentPagesOptions): PageStore {
  return new PageStore({
    disk,
    names: opened.names,
    messages,
    pump,
    log: opened.log,
    policy: { pagesAhead: 1, isAnyDue: false, shouldPageOut: () => false },
    lastFile: opened.found.lastPageFile,
    onReady: () => undefined,
    damaged: () => undefined,
    onFault: () => undefined,
  });
}
