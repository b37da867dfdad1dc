/**
 * Brings what a log kept of messages back into the queues of a broker that has its definitions already, takes the queues
 * out of use that have lost something, and notes at a stop how far deliveries came.
 */

import type { Broker } from '../core/broker.ts';
import type { Queue } from '../core/queue/queue.ts';
import { RingRestoration } from '../core/queue/ring-restoration.ts';
import type { OpenedLog } from '../storage/disk/open-log.ts';
import type { RecoveryProgress } from '../storage/disk/recovery.ts';
import type { Damage } from '../storage/disk/segment-scan.ts';

/** @returns how many messages came back */
export function* restoreMessages(opened: OpenedLog, broker: Broker): Generator<RecoveryProgress, number> {
  const restorations = new Map<number, RingRestoration>();
  let count = 0;
  yield* opened.readMessages((queueId, sequence, message) => {
    count++;
    restorationOf(restorations, queueId).add(sequence, message);
  });
  for (const queue of queuesOf(broker)) {
    const marks = opened.marksOf(queue.id);
    if (marks !== undefined) queue.restore(restorationOf(restorations, queue.id), marks);
  }
  return count;
}

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

function* queuesOf(broker: Broker): Iterable<Queue> {
  for (const vhost of broker.vhosts) yield* vhost.queues;
}

function restorationOf(restorations: Map<number, RingRestoration>, queueId: number): RingRestoration {
  let restoration = restorations.get(queueId);
  if (restoration === undefined) {
    restoration = new RingRestoration();
    restorations.set(queueId, restoration);
  }
  return restoration;
}
