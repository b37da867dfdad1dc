/** The words for cases about one queue, `~q`, and about what was got or delivered from it. */

import type { Step } from './case-run.ts';
import { awaits, declares, does, publishes, settles } from './steps.ts';

/** Publishes a message with this body to the queue. */
export const one = (body: string): Step => publishes({ key: '~q', body });

/** The queue with messages that have these bodies. */
export const filled = (...bodies: string[]): Step[] => [declares('~q'), ...bodies.map(one), settles('~q')];

/** Waits until so many deliveries have come on the channel. */
export const delivered = (count: number): Step => awaits('basic.deliver', count);

/** Gets a message that is not settled with it. */
export const keeps = does('basic.get', { queue: '~q' });

export const acks = (deliveryTag: number, multiple = false): Step => does('basic.ack', { deliveryTag, multiple });

export const nacks = (deliveryTag: number, multiple = false, requeue = true): Step =>
  does('basic.nack', { deliveryTag, multiple, requeue });

export const rejects = (deliveryTag: number, requeue = true): Step => does('basic.reject', { deliveryTag, requeue });

export const prefetches = (prefetchCount: number, global = false): Step => does('basic.qos', { prefetchCount, global });

export const cancels = (consumerTag = 'tag'): Step => does('basic.cancel', { consumerTag });
