/** Acts that settle what was received. */

import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';
import { happens, type PlanWorld } from './plan-world.ts';

export function settle(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random } = world;
  const { held } = channel;
  if (held.count === 0) return;
  const deliveryTag = wrongTag(world, channel) ?? held.take(happens(world, 3) ? random.below(held.count) : 0);
  switch (random.below(10)) {
    case 0:
      return client.send(channel, { name: 'basic.reject', deliveryTag, requeue: true });
    case 1:
      return client.send(channel, { name: 'basic.reject', deliveryTag, requeue: false });
    case 2:
      return client.send(channel, { name: 'basic.nack', deliveryTag, multiple: false, requeue: happens(world, 2) });
    default:
      return client.send(channel, { name: 'basic.ack', deliveryTag, multiple: false });
  }
}

export function settleMany(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const { random } = world;
  const { held } = channel;
  if (held.count === 0) return;
  const isAll = happens(world, 10);
  const last = held.takeUpTo(isAll ? held.count : 1 + random.below(held.count));
  const deliveryTag = isAll ? 0 : last;
  if (happens(world, 4)) {
    client.send(channel, { name: 'basic.nack', deliveryTag, multiple: true, requeue: !happens(world, 3) });
  } else client.send(channel, { name: 'basic.ack', deliveryTag, multiple: true });
}

export function recover(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  const name = happens(world, 8) ? 'basic.recover-async' : 'basic.recover';
  // Not to requeue is not implemented, and costs the connection.
  client.send(channel, { name, requeue: !happens(world, 60) });
}

/** One in so many that does not exist, or not any more. */
function wrongTag(world: PlanWorld, { held, mode }: ClientChannel): number | undefined {
  if (!happens(world, mode === 'transactions' ? 50 : 300)) return undefined;
  return happens(world, 3) ? 100_000 : held.lastSettled;
}
