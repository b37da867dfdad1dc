/**
 * The records that a log keeps: facts, never commands, so that a replay asks no clock, policy or random source.
 *
 * Every kind has a number that is never reused; the disk form carries `RECORD_VERSION`. Kinds that later features need
 * are listed already, so that a log written today can be told from a damaged one tomorrow.
 */

import type { FieldTable } from '../base/field-table.ts';

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

/** A change of the topology. Ids are never reused, so records of an unknown id belong to something deleted. */
export type DefinitionRecord =
  | {
      readonly kind: 'queue.declared';
      readonly id: number;
      readonly vhost: string;
      readonly name: string;
      readonly autoDelete: boolean;
      readonly arguments: FieldTable;
    }
  | { readonly kind: 'queue.deleted'; readonly id: number }
  | {
      readonly kind: 'exchange.declared';
      readonly vhost: string;
      readonly name: string;
      readonly type: string;
      readonly autoDelete: boolean;
      readonly internal: boolean;
      readonly arguments: FieldTable;
    }
  | { readonly kind: 'exchange.deleted'; readonly vhost: string; readonly name: string }
  | {
      readonly kind: 'binding.added';
      readonly id: number;
      readonly vhost: string;
      readonly exchange: string;
      readonly queue: string;
      readonly key: string;
      readonly arguments: FieldTable;
    }
  | {
      readonly kind: 'exchange-binding.added';
      readonly id: number;
      readonly vhost: string;
      readonly source: string;
      readonly destination: string;
      readonly key: string;
      readonly arguments: FieldTable;
    }
  | { readonly kind: 'binding.removed'; readonly id: number };
