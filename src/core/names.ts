/**
 * Names that the broker makes up or keeps for itself.
 */

import type { Random } from '../base/random.ts';

/** Names that begin so belong to the broker. */
export const RESERVED_PREFIX = 'amq.';

/** What clients consume from, and give as reply-to, for direct replies. */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';

const REPLY_ADDRESS_PREFIX = `${DIRECT_REPLY_TO}.`;
const QUEUE_PREFIX = 'amq.gen-';
const CONSUMER_PREFIX = 'amq.ctag-';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** 16 random bytes in base64 without padding, as RabbitMQ makes them. */
const RANDOM_CHARACTERS = 22;

export function serverQueueName(random: Random): string {
  return QUEUE_PREFIX + randomText(random);
}

export function serverConsumerTag(random: Random): string {
  return CONSUMER_PREFIX + randomText(random);
}

/** Where one consumer's direct replies go. It cannot be guessed: who knows it may answer. */
export function serverReplyAddress(random: Random): string {
  return REPLY_ADDRESS_PREFIX + randomText(random);
}

/** The name stands for direct replies, whether or not anybody waits for them there. */
export function isReplyAddress(name: string): boolean {
  return name.startsWith(DIRECT_REPLY_TO);
}

/** RabbitMQ takes line ends out of the names of queues and exchanges. */
export function stripLineEnds(name: string): string {
  return name.includes('\n') || name.includes('\r') ? name.replaceAll('\n', '').replaceAll('\r', '') : name;
}

function randomText(random: Random): string {
  let text = '';
  for (let index = 0; index < RANDOM_CHARACTERS; index++) text += ALPHABET.charAt(random.below(ALPHABET.length));
  return text;
}
