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
  returned: 3,
  deadLetterMove: 4,
  moved: 5,
  purge: 6,
  delayDue: 7,
  delayCancelled: 8,
  dedupSeen: 9,
  deliveryWatermark: 10,
  definition: 11,
  checkpoint: 12,
  paged: 13,
} as const;

/** Why a message left a queue for good. */
export const SETTLE_REASONS = {
  acked: 0,
  rejected: 1,
  expired: 2,
  maxlen: 3,
  deliveryLimit: 4,
  purged: 5,
} as const;

export type SettleReason = (typeof SETTLE_REASONS)[keyof typeof SETTLE_REASONS];
