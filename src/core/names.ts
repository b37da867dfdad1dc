/**
 * Names that the broker makes up or keeps for itself.
 */

import type { Random } from '../base/random.ts';

/** Names that begin so belong to the broker. */
export const RESERVED_PREFIX = 'amq.';

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

/** RabbitMQ takes line ends out of the names of queues and exchanges. */
export function stripLineEnds(name: string): string {
  return name.includes('\n') || name.includes('\r') ? name.replaceAll('\n', '').replaceAll('\r', '') : name;
}

function randomText(random: Random): string {
  let text = '';
  for (let index = 0; index < RANDOM_CHARACTERS; index++) text += ALPHABET.charAt(random.below(ALPHABET.length));
  return text;
}
