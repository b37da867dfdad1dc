/**
 * Direct reply-to on a channel: its one reply consumer, and what others may ask about its address.
 */

import { refusal } from '../../core/errors.ts';
import { DIRECT_REPLY_TO } from '../../core/names.ts';
import type { ChannelConsumers } from './channel-consumers.ts';
import type { ChannelHost } from './channel-contract.ts';
import type { Method } from './methods.ts';
import type { Publisher } from './publisher.ts';

/** What direct replies need of their channel. */
export interface ReplyChannel {
  readonly host: ChannelHost;
  readonly consumers: ChannelConsumers;
  readonly publisher: Publisher;
  lastQueueName: string | undefined;
  answer(method: Method): void;
}

type Consume = Extract<Method, { name: 'basic.consume' }>;
type Declare = Extract<Method, { name: 'queue.declare' }>;

/** basic.consume from the pseudo queue. @throws BrokerError 406 with acknowledgements, or for a second one. */
export function consumeReplies(channel: ReplyChannel, { consumerTag, noAck, noWait }: Consume): void {
  const { publisher } = channel;
  const { replyQueues } = channel.host.vhost;
  if (!noAck) throw refusal.replyConsumerAcknowledges();
  if (publisher.replyQueue?.isDeleted === false) throw refusal.secondReplyConsumer();
  const queue = replyQueues.create();
  const consumer = channel.consumers.create({ queue, consumerTag, noAck, exclusive: false, priority: 0 });
  replyQueues.open(queue);
  publisher.replyQueue = queue;
  if (!noWait) channel.answer({ name: 'basic.consume-ok', consumerTag: consumer.tag });
  queue.addConsumer(consumer);
}

/** queue.declare of an address only asks whether somebody waits there. @throws BrokerError 404 when nobody does. */
export function declareReplyAddress(channel: ReplyChannel, { queue, noWait }: Declare): void {
  const { vhost } = channel.host;
  if (queue !== DIRECT_REPLY_TO && vhost.replyQueues.find(queue) === undefined) {
    throw refusal.noQueue(queue, vhost.name);
  }
  channel.lastQueueName = queue;
  if (!noWait) channel.answer({ name: 'queue.declare-ok', queue, messageCount: 0, consumerCount: 1 });
}
