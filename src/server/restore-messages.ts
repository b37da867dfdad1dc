/**
 * Brings what a log kept of messages back into the queues of a broker that has its definitions already, takes the queues
 * out of use that have lost something, and notes at a stop how far deliveries came.
 */

import type { Broker } from '../core/broker.ts';
import type { Queue } from '../core/queue/queue.ts';
import { CHUNK_ENTRIES } from '../core/queue/ring-chunk.ts';
import { RingRestoration } from '../core/queue/ring-restoration.ts';
import type { OpenedLog } from '../storage/disk/open-log.ts';
import type { PageStore } from '../storage/disk/pages/page-store.ts';
import type { RecoveryProgress } from '../storage/disk/recovery.ts';
import type { Damage } from '../storage/disk/segment-scan.ts';

/**
 * Some come into memory, others stay on their pages, and what is too much for memory goes to pages at once.
 * @returns how many messages came back
 */
export function* restoreMessages(
  opened: OpenedLog,
  broker: Broker,
  pages: PageStore,
): Generator<RecoveryProgress, number> {
  const { live } = opened.found;
  const restorations = new Map<number, RingRestoration>();
  let count = 0;
  for (const queue of queuesOf(broker)) {
    const expected = (first: number) => live.countIn(queue.id, first, CHUNK_ENTRIES);
    const restoration = new RingRestoration({ queue, residency: pages, expected });
    restorations.set(queue.id, restoration);
    for (const page of live.pages.pagesOf(queue.id)) {
      restoration.addPage(pages.restore(queue, page));
      count += page.live;
    }
  }
  const reading = opened.readMessages((queueId, sequence, message) => {
    restorations.get(queueId)?.add(sequence, message);
    count++;
  });
  for (const progress of reading) {
    pages.writeSome();
    yield progress;
    for (; pages.isCongested; pages.writeSome()) yield { ...progress, isWaiting: true };
  }
  for (const queue of queuesOf(broker)) {
    const restoration = restorations.get(queue.id);
    if (restoration !== undefined) queue.restore(restoration, opened.marksOf(queue.id) ?? NO_MARKS);
  }
  return count;
}

const NO_MARKS = { highest: 0, watermark: 0 };

/** Stops the queues whose records may be missing. @returns them */
export function stopDamaged({ queueIds }: Damage, broker: Broker): Queue[] {
  const concerned = [...queuesOf(broker)].filter(({ id }) => queueIds === undefined || queueIds.includes(id));
  for (const queue of concerned) queue.stop();
  return concerned;
}

/** For the checkpoint of a clean stop, when nothing is delivered any more. */
export function noteDeliveries(opened: OpenedLog, broker: Broker): void {
  for (const queue of queuesOf(broker)) opened.deliveredUpTo(queue.id, queue.deliveredUpTo);
}

export function* queuesOf(broker: Broker): Iterable<Queue> {
  for (const vhost of broker.vhosts) yield* vhost.queues;
}
