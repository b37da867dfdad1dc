/** Acts that put a channel into a mode, and those of its transactions. */

import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';
import { happens, type PlanWorld } from './plan-world.ts';

export function selectConfirms(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (mayEnter(world, channel, 'confirms')) client.send(channel, { name: 'confirm.select', noWait: happens(world, 8) });
}

export function selectTransactions(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (mayEnter(world, channel, 'transactions')) client.send(channel, { name: 'tx.select' });
}

/** Commits or rolls back; now and then on a channel without transactions, which is refused. */
export function endTransaction(world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  if (channel.mode !== 'transactions' && !happens(world, 200)) return;
  client.send(channel, { name: happens(world, 4) ? 'tx.rollback' : 'tx.commit' });
}

/** A channel stays in its mode; to ask for the other one is refused. */
function mayEnter(world: PlanWorld, { mode }: ClientChannel, wanted: ClientChannel['mode']): boolean {
  return mode === 'plain' || mode === wanted || happens(world, 10);
}
