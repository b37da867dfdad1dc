/**
 * The records that a log keeps: facts, never commands, so that a replay asks no clock, policy or random source.
 *
 * Every kind has a number that is never reused. What is written says the lowest version of the catalogue that has all its
 * kinds: a program that knows only older ones refuses it, and reads all else.
 */

export type { DefinitionRecord } from './definition-record.ts';

/** The newest version of the catalogue. */
export const RECORD_VERSION = 2;
/** The version without `returned`, `delayDue`, `delayCancelled`, `dedupSeen` and `groupKey`, and the one that has them. */
export const FIRST_RECORD_VERSION = 1;
export const SIDE_FACTS_VERSION = 2;

export const RECORD_KINDS = {
  publish: 1,
  settle: 2,
  /** A message came back to its queue: how often that makes it, for `x-delivery-count` and the delivery limit. */
  returned: 3,
  /**
   * A message left one queue for others, as a whole or not at all. Never written: on one log the group is the move, which
   * holds the publish and the settle. Kept for a move between two logs, which will have to name the other.
   */
  deadLetterMove: 4,
  moved: 5,
  purge: 6,
  /** A message is not ready before a time; that time does not count any more. What is not to come at all is settled, too. */
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
