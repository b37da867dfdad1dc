/**
 * What clients ask for when they declare, and whether it is the same as what there is already.
 *
 * A declaration of something that exists succeeds when it is equivalent, and is refused with the first difference
 * otherwise (RabbitMQ: rabbit_amqqueue:assert_equivalence, rabbit_exchange:assert_equivalence).
 */

import type { Field, FieldTable } from '../base/field-table.ts';
import { refusal } from './errors.ts';
import { ALTERNATE_ARGUMENT } from './exchange/alternates.ts';
import type { Exchange } from './exchange/exchange.ts';
import { fieldText, fieldTypeName, sameValue } from './field-value.ts';
import type { Owner } from './owner.ts';
import { COMPARED_ARGUMENTS, hasSameType, QUEUE_TYPE } from './queue/arguments.ts';
import type { Queue } from './queue/queue.ts';

export interface QueueDeclaration {
  /** Empty: the broker makes one up. */
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}

export interface ExchangeRequest {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

/** @throws BrokerError 405 when the queue belongs to another connection, 406 naming what differs. */
export function assertSameQueue(queue: Queue, wanted: QueueDeclaration, owner: Owner, vhost: string): void {
  assertAccessible(queue, owner, vhost);
  if (wanted.exclusive !== (queue.options.owner !== undefined)) throw refusal.lockedQueue(queue.name, vhost);
  const { durable, autoDelete } = queue.options;
  // An exclusive queue is never durable, whatever was asked for.
  const wantsDurable = wanted.durable && !wanted.exclusive;
  assertSame('durable', 'queue', queue.name, vhost, String(wantsDurable), String(durable));
  assertSame('auto_delete', 'queue', queue.name, vhost, String(wanted.autoDelete), String(autoDelete));
  assertSameArguments(queue, wanted, vhost);
}

/** By what was asked for and what there is, not by whether it would be allowed: that was checked the first time. */
function assertSameArguments(queue: Queue, wanted: QueueDeclaration, vhost: string): void {
  const current = queue.options.arguments;
  if (wanted.arguments.size === 0 && current.size === 0) return;
  const resource = { kind: 'queue', name: queue.name, vhost } as const;
  for (const argument of COMPARED_ARGUMENTS) {
    if (argument === QUEUE_TYPE && hasSameType(wanted.arguments, current)) continue;
    assertSameArgument(argument, resource, wanted.arguments, current);
  }
}

/** @throws BrokerError 405 when the queue belongs to another connection. */
export function assertAccessible(queue: Queue, owner: Owner, vhost: string): void {
  if (queue.options.owner !== undefined && queue.options.owner !== owner) throw refusal.lockedQueue(queue.name, vhost);
}

/** @throws BrokerError 406 naming what differs. */
export function assertSameExchange(exchange: Exchange<Queue>, wanted: ExchangeRequest, vhost: string): void {
  const { name } = exchange;
  assertSame('type', 'exchange', name, vhost, wanted.type, exchange.type);
  assertSame('durable', 'exchange', name, vhost, String(wanted.durable), String(exchange.durable));
  assertSame('auto_delete', 'exchange', name, vhost, String(wanted.autoDelete), String(exchange.autoDelete));
  assertSame('internal', 'exchange', name, vhost, String(wanted.internal), String(exchange.internal));
  assertSameArgument(ALTERNATE_ARGUMENT, { kind: 'exchange', name, vhost }, wanted.arguments, exchange.arguments);
}

/** Compares one argument of a declaration with what it was the first time. @throws BrokerError 406 */
export function assertSameArgument(
  argument: string,
  { kind, name, vhost }: { readonly kind: 'queue' | 'exchange'; readonly name: string; readonly vhost: string },
  wanted: FieldTable,
  declared: FieldTable,
): void {
  const received = wanted.get(argument);
  const current = declared.get(argument);
  if (received === undefined && current === undefined) return;
  if (received !== undefined && current !== undefined) {
    if (sameValue(received, current)) return;
    throw refusal.inequivalent(argument, kind, name, vhost, `'${fieldText(received)}'`, `'${fieldText(current)}'`);
  }
  throw refusal.inequivalent(argument, kind, name, vhost, describeArgument(received), describeArgument(current));
}

/** An argument that may not be there, in RabbitMQ's words. */
function describeArgument(field: Field | undefined): string {
  return field === undefined ? 'none' : `the value '${fieldText(field)}' of type '${fieldTypeName(field)}'`;
}

function assertSame(
  argument: string,
  kind: 'queue' | 'exchange',
  name: string,
  vhost: string,
  received: string,
  current: string,
): void {
  if (received === current) return;
  throw refusal.inequivalent(argument, kind, name, vhost, `'${received}'`, `'${current}'`);
}
