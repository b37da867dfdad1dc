/** Confirms and transactions: a channel has one of them, or none. */

import type { ModelChannel } from './channel.ts';
import type { Model } from './model.ts';
import { publishHeld } from './publishing.ts';
import { ACCEPTED, PRECONDITION_FAILED } from './reply-codes.ts';
import type { Rules } from './rules.ts';
import { settleNow } from './settle-commands.ts';
import { ModelTransaction } from './transaction.ts';

export const MODE_RULES: Rules = {
  'confirm.select': (_model, channel, method) => {
    if (channel.transaction !== undefined) return PRECONDITION_FAILED;
    channel.hasConfirms = true;
    if (!method.noWait) channel.owe('confirm.select-ok');
    return ACCEPTED;
  },

  'tx.select': (_model, channel) => {
    if (channel.hasConfirms) return PRECONDITION_FAILED;
    channel.transaction ??= new ModelTransaction();
    channel.owe('tx.select-ok');
    return ACCEPTED;
  },

  'tx.commit': (model, channel) => {
    if (channel.transaction === undefined) return PRECONDITION_FAILED;
    channel.isCommitting = channel.transaction.publishes.length > 0;
    commit(model, channel, channel.transaction);
    channel.owe('tx.commit-ok');
    return ACCEPTED;
  },

  'tx.rollback': (model, channel) => {
    const { transaction } = channel;
    if (transaction === undefined) return PRECONDITION_FAILED;
    if (transaction.publishes.length > 0) model.seen.add('publishes rolled back');
    if (transaction.settles.length > 0) model.seen.add('settles rolled back');
    transaction.clear();
    channel.owe('tx.rollback-ok');
    return ACCEPTED;
  },
};

type Transaction = NonNullable<ModelChannel['transaction']>;

/** Publishes first. */
function commit(model: Model, channel: ModelChannel, transaction: Transaction): void {
  const publishes = [...transaction.publishes];
  const settles = [...transaction.settles];
  if (publishes.length > 0) model.seen.add('publishes committed');
  if (settles.length > 0) model.seen.add('settles committed');
  transaction.clear();
  for (const held of publishes) publishHeld(model, channel, held);
  for (const held of settles) settleNow(model, channel, held);
}
