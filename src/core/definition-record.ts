/**
 * The records of the catalogue that tell of definitions: vhosts, users and what they may do, exchanges, queues, bindings,
 * policies and parameters. Only what survives a restart has records, and what every vhost has by itself has none.
 *
 * A record says how something is from now on, whatever it was before, so that reading one twice does no harm. What goes
 * away takes with it, without further records: a vhost all that is in it, permissions and limits included; a user the
 * permissions and limits; a queue or an exchange its bindings.
 *
 * Ids are never reused: after a queue was deleted and declared again, no record of the old one is one of the new one.
 */

import type { FieldTable } from '../base/field-table.ts';
import type { Json, JsonObject } from '../base/json.ts';

export type DefinitionRecord =
  | VhostRecord
  | UserRecord
  | PermissionRecord
  | PolicyRecord
  | ParameterRecord
  | ExchangeRecord
  | QueueRecord
  | BindingRecord
  /** All ids up to here were given, some perhaps to what is gone. Stands in snapshots. */
  | { readonly kind: 'ids.used'; readonly highest: number };

/** The record of one kind. */
export type Definition<Kind extends DefinitionRecord['kind']> = Extract<DefinitionRecord, { readonly kind: Kind }>;

/** What an administrator notes about a vhost. */
export interface VhostMetadata {
  readonly description: string;
  readonly tags: readonly string[];
  /** Of queues that are declared without a type; undefined: the server's default. */
  readonly defaultQueueType: string | undefined;
}

export const NO_METADATA: VhostMetadata = { description: '', tags: [], defaultQueueType: undefined };

/** An exchange by its id; one that every vhost has, and that has no record, by its name. */
export type ExchangeReference = number | string;

type VhostRecord =
  /** Also of one that is there already: then it has other metadata from now on. */
  | { readonly kind: 'vhost.added'; readonly vhost: string; readonly metadata: VhostMetadata }
  | { readonly kind: 'vhost.deleted'; readonly vhost: string }
  | {
      readonly kind: 'vhost-limits.set';
      readonly vhost: string;
      /** Undefined: not limited. */
      readonly connectionsMax: number | undefined;
      readonly queuesMax: number | undefined;
    };

type UserRecord =
  | {
      readonly kind: 'user.set';
      readonly user: string;
      readonly password: {
        /** In RabbitMQ's format; empty when no password fits. */
        readonly hash: string;
        /** Under RabbitMQ's name for it. */
        readonly algorithm: string;
      };
      readonly tags: readonly string[];
    }
  | { readonly kind: 'user.deleted'; readonly user: string }
  | {
      readonly kind: 'user-limits.set';
      readonly user: string;
      /** Undefined: not limited. */
      readonly connectionsMax: number | undefined;
      readonly channelsMax: number | undefined;
    };

type PermissionRecord =
  | {
      readonly kind: 'permission.set';
      readonly user: string;
      readonly vhost: string;
      readonly configure: string;
      readonly write: string;
      readonly read: string;
    }
  | { readonly kind: 'permission.cleared'; readonly user: string; readonly vhost: string }
  | {
      readonly kind: 'topic-permission.set';
      readonly user: string;
      readonly vhost: string;
      readonly exchange: string;
      readonly write: string;
      readonly read: string;
    }
  | {
      readonly kind: 'topic-permission.cleared';
      readonly user: string;
      readonly vhost: string;
      /** Undefined: of all exchanges. */
      readonly exchange: string | undefined;
    };

type PolicyRecord =
  | (Policy & { readonly kind: 'policy.set' })
  | { readonly kind: 'policy.cleared'; readonly vhost: string; readonly name: string }
  | (Policy & { readonly kind: 'operator-policy.set' })
  | { readonly kind: 'operator-policy.cleared'; readonly vhost: string; readonly name: string };

interface Policy {
  readonly vhost: string;
  readonly name: string;
  readonly pattern: string;
  /** RabbitMQ's word: `all`, `queues`, `exchanges`, … */
  readonly applyTo: string;
  readonly priority: number;
  readonly definition: JsonObject;
}

type ParameterRecord =
  | {
      readonly kind: 'parameter.set';
      readonly vhost: string;
      readonly component: string;
      readonly name: string;
      readonly value: Json;
    }
  | { readonly kind: 'parameter.cleared'; readonly vhost: string; readonly component: string; readonly name: string }
  | { readonly kind: 'global-parameter.set'; readonly name: string; readonly value: Json }
  | { readonly kind: 'global-parameter.cleared'; readonly name: string };

type ExchangeRecord =
  | {
      readonly kind: 'exchange.declared';
      readonly id: number;
      readonly vhost: string;
      readonly name: string;
      readonly type: string;
      readonly autoDelete: boolean;
      readonly internal: boolean;
      readonly arguments: FieldTable;
    }
  | { readonly kind: 'exchange.deleted'; readonly id: number };

type QueueRecord =
  | {
      readonly kind: 'queue.declared';
      readonly id: number;
      readonly vhost: string;
      readonly name: string;
      readonly autoDelete: boolean;
      readonly arguments: FieldTable;
    }
  | { readonly kind: 'queue.deleted'; readonly id: number };

type BindingRecord =
  | {
      readonly kind: 'binding.added';
      readonly id: number;
      readonly vhost: string;
      readonly source: ExchangeReference;
      readonly queueId: number;
      readonly key: string;
      readonly arguments: FieldTable;
    }
  | {
      readonly kind: 'exchange-binding.added';
      readonly id: number;
      readonly vhost: string;
      readonly source: ExchangeReference;
      readonly destination: ExchangeReference;
      readonly key: string;
      readonly arguments: FieldTable;
    }
  /** Of either kind. */
  | { readonly kind: 'binding.removed'; readonly id: number };
