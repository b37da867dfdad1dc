/**
 * What a client does next: one random act, by weight.
 */

import type { ClientChannel } from './channel.ts';
import type { SimClient } from './client.ts';
import { cancel, consume, consumeReplies, fetch, fetchMany, qos } from './consuming.ts';
import { endTransaction, selectConfirms, selectTransactions } from './modes.ts';
import type { Act, PlanWorld } from './plan-world.ts';
import { publish, publishBurst, reply, request } from './publishing.ts';
import { recover, settle, settleMany } from './settling.ts';
import { bind, bindExchanges, declareExchange, declareQueue, ruin, unbind } from './topology.ts';

const CHANNELS_MAX = 3;

const ACTS: readonly (readonly [weight: number, act: Act])[] = [
  [30, publish],
  [12, publishBurst],
  [5, request],
  [6, reply],
  [22, settle],
  [8, settleMany],
  [8, consume],
  [1, consumeReplies],
  [16, fetch],
  [1, fetchMany],
  [6, declareQueue],
  [3, declareExchange],
  [5, bind],
  [3, bindExchanges],
  [3, unbind],
  [3, cancel],
  [2, qos],
  [2, recover],
  [2, selectConfirms],
  [3, selectTransactions],
  [14, endTransaction],
  [2, ruin],
  [1, closeChannel],
];
const WEIGHTS = ACTS.reduce((sum, [weight]) => sum + weight, 0);

/** Makes the client do something. */
export function act(world: PlanWorld, client: SimClient): void {
  const channel = pickChannel(world, client);
  if (channel === undefined) return;
  let ticket = world.random.below(WEIGHTS);
  for (const [weight, run] of ACTS) {
    ticket -= weight;
    if (ticket < 0) return run(world, client, channel);
  }
}

/** An open channel that may take a method: an existing one, or a new one. */
function pickChannel({ random }: PlanWorld, client: SimClient): ClientChannel | undefined {
  const number = 1 + random.below(CHANNELS_MAX);
  const channel = client.channels.get(number) ?? client.openChannel(number);
  // Who goes on before the commit is answered loses the connection.
  const mustWait = channel.isCommitting && random.below(30) > 0;
  return channel.isClosing || mustWait ? undefined : channel;
}

function closeChannel(_world: PlanWorld, client: SimClient, channel: ClientChannel): void {
  client.closeChannel(channel);
}
