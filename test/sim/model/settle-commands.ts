/** Settling what was delivered: at once, or when the transaction commits; and giving all of it back. */

import type { ModelChannel } from './channel.ts';
import type { Model } from './model.ts';
import { ACCEPTED, NOT_IMPLEMENTED, PRECONDITION_FAILED } from './reply-codes.ts';
import type { Rules } from './rules.ts';
import type { HeldSettle, Outcome } from './transaction.ts';

export const SETTLE_RULES: Rules = {
  'basic.ack': (model, channel, method) => settle(model, channel, method, 'ack'),

  'basic.nack': (model, channel, method) => settle(model, channel, method, method.requeue ? 'requeue' : 'reject'),

  'basic.reject': (model, channel, { deliveryTag, requeue }) =>
    settle(model, channel, { deliveryTag, multiple: false }, requeue ? 'requeue' : 'reject'),

  'basic.recover': (model, channel, method) => {
    if (!method.requeue) return NOT_IMPLEMENTED;
    giveBack(model, channel);
    channel.owe('basic.recover-ok');
    return ACCEPTED;
  },

  'basic.recover-async': (model, channel, method) => {
    if (!method.requeue) return NOT_IMPLEMENTED;
    giveBack(model, channel);
    return ACCEPTED;
  },
};

export function settleNow(model: Model, channel: ModelChannel, { tags, outcome, isMany }: HeldSettle): void {
  if (isMany) model.isBehind = true;
  for (const entry of channel.release(tags)) {
    if (outcome === 'requeue') entry.queue.requeue(entry);
    else entry.queue.settle(entry, outcome === 'ack');
  }
}

function settle(
  model: Model,
  channel: ModelChannel,
  { deliveryTag, multiple }: { readonly deliveryTag: number; readonly multiple: boolean },
  outcome: Outcome,
): number {
  const { transaction } = channel;
  const tags = channel.tagsFor(deliveryTag, multiple);
  if (tags === undefined) {
    if (transaction?.settledTags.has(deliveryTag) === true) model.seen.add('a tag settled twice in a transaction');
    return PRECONDITION_FAILED;
  }
  const isMany = multiple && channel.spansManyTags;
  if (transaction === undefined) settleNow(model, channel, { tags, outcome, isMany });
  else transaction.settle({ tags, outcome, isMany });
  return ACCEPTED;
}

/** Everything that the channel holds goes back to its queues, but for what its transaction settles. */
function giveBack(model: Model, channel: ModelChannel): void {
  const tags = channel.tagsFor(0, true) ?? [];
  if (tags.length > 0) model.seen.add('a recover of what is held');
  const isPart = channel.transaction !== undefined && channel.transaction.settledTags.size > 0;
  if (isPart) model.seen.add('a recover in a transaction, but for what it settles');
  settleNow(model, channel, { tags, outcome: 'requeue', isMany: channel.spansManyTags });
}
