/**
 * What each method of a channel does to the model: the table of all rules, and what holds for every method.
 */

import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import { SimFailure } from '../failure.ts';
import type { ModelChannel } from './channel.ts';
import { CONSUME_RULES } from './consume-commands.ts';
import { EXCHANGE_RULES } from './exchange-commands.ts';
import { MODE_RULES } from './mode-commands.ts';
import type { Model } from './model.ts';
import { refusalOfPublish } from './publishing.ts';
import { QUEUE_RULES } from './queue-commands.ts';
import { CHANNEL_ERROR } from './reply-codes.ts';
import type { Rule, Rules } from './rules.ts';
import { SETTLE_RULES } from './settle-commands.ts';

const RULES: Rules = {
  ...EXCHANGE_RULES,
  ...QUEUE_RULES,
  ...CONSUME_RULES,
  ...SETTLE_RULES,
  ...MODE_RULES,
  // Its content follows: see publishing.ts.
  'basic.publish': (model, _channel, method) => refusalOfPublish(model, method.exchange),
};

/** @returns the code with which the broker must refuse the method, or 0. */
export function execute(model: Model, channel: ModelChannel, method: Method): number {
  const rule = RULES[method.name] as Rule | undefined;
  if (rule === undefined) throw new SimFailure(`the model does not know ${method.name}`);
  if (!channel.isCommitting) return rule(model, channel, method);
  model.seen.add('a command during a commit');
  return CHANNEL_ERROR;
}
