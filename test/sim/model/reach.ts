/** Which queue a method names, and whether its channel may use it. */

import { DIRECT_REPLY_TO } from '../message-templates.ts';
import type { ModelChannel, SimQueue } from './channel.ts';
import type { Model } from './model.ts';
import { LOCKED, NOT_FOUND } from './reply-codes.ts';

/** @returns the queue, or the code that a method on it must be refused with. */
export function reach(model: Model, channel: ModelChannel, name: string): SimQueue | typeof NOT_FOUND | typeof LOCKED {
  const wanted = nameOf(channel, name);
  const queue = wanted === undefined ? undefined : model.queues.get(wanted);
  if (queue === undefined) return NOT_FOUND;
  const { owner } = queue.options;
  if (owner === undefined || owner === channel.owner) return queue;
  model.seen.add('an exclusive queue refused to others');
  return LOCKED;
}

/** An empty name stands for the queue declared last. */
export function nameOf(channel: ModelChannel, name: string): string | undefined {
  return name === '' ? channel.lastQueue?.name : name;
}

/** The name stands for direct replies, whether or not anybody waits for them. */
export function isReplyName(name: string): boolean {
  return name.startsWith(DIRECT_REPLY_TO);
}
