/**
 * The records that a log keeps: facts, never commands, so that a replay asks no clock, policy or random source.
 *
 * Every kind has a number that is never reused; the disk form carries `RECORD_VERSION`. Kinds that later features need
 * are listed already, so that a log written today can be told from a damaged one tomorrow.
 */

export type { DefinitionRecord } from './definition-record.ts';

export const RECORD_VERSION = 1;

export const RECORD_KINDS = {
  publish: 1,
  settle: 2,
  /** A message came back to its queue: how often that makes it, for `x-delivery-count` and the delivery limit. */
  returned: 3,
  /** A message left one queue for others, as a whole or not at all. */
  deadLetterMove: 4,
  moved: 5,
  purge: 6,
  /** A message is not ready before a time; it is not to come at all. */
  delayDue: 7,
  delayCancelled: 8,
  /** A key that was seen in a dedup window, and until when that counts. */
  dedupSeen: 9,
  deliveryWatermark: 10,
  definition: 11,
  checkpoint: 12,
  paged: 13,
  /** The key of a message's group, where the message itself need not be read for it. */
  groupKey: 14,
} as const;

/** Why a message left a queue for good. */
export const SETTLE_REASONS = {
  acked: 0,
  rejected: 1,
  expired: 2,
  maxlen: 3,
  deliveryLimit: 4,
  purged: 5,
  /** What it was cannot be read any more. */
  lost: 6,
} as const;

export type SettleReason = (typeof SETTLE_REASONS)[keyof typeof SETTLE_REASONS];
