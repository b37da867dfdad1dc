/** What a store knows of the messages on its pages without reading them, compared with what is there. */

import { regionOf } from '../../src/base/bytes.ts';
import { type Messages, NEVER_MS } from '../../src/core/messages.ts';
import { HOLE } from '../../src/core/ports.ts';
import type { DurablePage } from '../../src/storage/disk/pages/durable-page.ts';
import { releaseAll } from '../../src/storage/disk/pages/page.ts';
import { decodePage, isPageAt } from '../../src/storage/disk/pages/page-codec.ts';
import { pageFileName } from '../../src/storage/disk/pages/page-format.ts';
import type { PageIndex } from '../../src/storage/disk/pages/page-index.ts';
import { check } from '../sim/failure.ts';
import type { SimulatedDisk } from '../support/simulated-disk.ts';
import { expiresAtMs, identify, type SimMessage } from './sim-message.ts';

export interface LookedAtPages {
  readonly pages: PageIndex;
  readonly disk: SimulatedDisk;
  readonly messages: Messages;
  readonly known: (id: number) => SimMessage | undefined;
}

/** Looks only at pages that are whole. @throws SimFailure when one of them expires earlier or later than is said */
export function checkExpiries({ pages, disk, messages, known }: LookedAtPages): void {
  const files = new Set(disk.list());
  for (const page of pages.all()) {
    const handles = files.has(pageFileName(page.queueId, page.file)) ? handlesOn(page, disk, messages) : undefined;
    if (handles === undefined) continue;
    const expiries = [...handles]
      .filter((handle) => handle !== HOLE)
      .map((handle) => expiresAtMs(identify(messages, handle, known)));
    releaseAll(messages, handles);
    const earliest = Math.min(NEVER_MS, ...expiries);
    check(
      page.earliestExpiryMs === earliest,
      () =>
        `a page of queue ${page.queueId} expires from ${earliest} on, and is said to from ${page.earliestExpiryMs} on`,
    );
  }
}

function handlesOn(page: DurablePage, disk: SimulatedDisk, messages: Messages): Uint32Array | undefined {
  const region = regionOf(new Uint8Array(page.bytes));
  const file = disk.open(pageFileName(page.queueId, page.file));
  const read = file.readNow(region.bytes, page.offset);
  file.close();
  if (read < page.bytes || !isPageAt(region.view, page)) return undefined;
  const handles = new Uint32Array(page.span);
  decodePage(messages, region, handles);
  return handles;
}
