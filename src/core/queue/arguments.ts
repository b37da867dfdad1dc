/**
 * The arguments of queues and consumers: those that are known, in one table, with the check of each and RabbitMQ's words
 * for what is wrong. The table's order is RabbitMQ's: of several wrong arguments the first is named.
 *
 * Arguments that are not known are kept and shown, neither checked nor compared.
 */

import { type Field, type FieldTable, text } from '../../base/field-table.ts';
import { refusal } from '../errors.ts';
import { fieldTypeName } from '../field-value.ts';

/** @returns what is wrong with the value, as RabbitMQ prints it; undefined when nothing is. */
type Check = (field: Field, all: FieldTable) => string | undefined;

const DEAD_LETTER_EXCHANGE = 'x-dead-letter-exchange';
export const QUEUE_TYPE = 'x-queue-type';
const SINGLE_ACTIVE = 'x-single-active-consumer';
const CLASSIC = 'classic';
/** What RabbitMQ calls the implementation in refusals. */
const CLASSIC_IMPLEMENTATION = 'rabbit_classic_queue';

/** Ten years of 365 days. */
const PERIOD_MS_MAX = 315_360_000_000;
const PRIORITY_MAX = 255;

const KNOWN: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['x-expires', positivePeriod],
  ['x-message-ttl', period],
  // Checked before all others: see `deadLetterExchange`.
  [DEAD_LETTER_EXCHANGE, anything],
  ['x-dead-letter-routing-key', deadLetterRoutingKey],
  ['x-max-length', wholeNumber],
  ['x-max-length-bytes', wholeNumber],
  ['x-max-priority', priorities],
  ['x-overflow', overflow],
  ['x-queue-mode', queueMode],
  ['x-queue-version', queueVersion],
  [SINGLE_ACTIVE, boolean],
  [QUEUE_TYPE, queueType],
  // Where in a cluster: there is one node.
  ['x-queue-master-locator', anything],
  ['x-queue-leader-locator', leaderLocator],
]);

/** The arguments that only quorum queues and streams have. */
const FOREIGN: ReadonlySet<string> = new Set([
  'x-dead-letter-strategy',
  'x-delivery-limit',
  'x-initial-cluster-size',
  'x-max-age',
  'x-max-in-memory-bytes',
  'x-max-in-memory-length',
  'x-quorum-initial-group-size',
  'x-stream-filter-size-bytes',
  'x-stream-max-segment-size-bytes',
]);

const FOREIGN_TO_CONSUMERS = ['x-stream-offset', 'x-stream-filter', 'x-stream-match-unfiltered'] as const;

/** The names of the arguments that a declaration is compared by. */
export const COMPARED_ARGUMENTS: Iterable<string> = [...KNOWN.keys()];

/** The exchange for what a queue gives up; undefined when there is none. @throws BrokerError 406 when it is no text */
export function deadLetterExchange(declared: FieldTable, queue: string, vhost: string): string | undefined {
  const field = declared.get(DEAD_LETTER_EXCHANGE);
  if (field === undefined) return undefined;
  if (field.type !== 'S') throw refusal.argumentType(DEAD_LETTER_EXCHANGE, 'queue', queue, vhost, fieldTypeName(field));
  return text(field);
}

/** @throws BrokerError 406 naming the first argument that a classic queue cannot have */
export function assertQueueArguments(declared: FieldTable, queue: string, vhost: string): void {
  if (declared.size === 0) return;
  assertArgument(QUEUE_TYPE, queueType, declared, queue, vhost);
  for (const [name, check] of KNOWN) assertArgument(name, check, declared, queue, vhost);
  for (const name of declared.keys()) {
    if (FOREIGN.has(name)) throw refusal.foreignArgument(name, queue, vhost, CLASSIC_IMPLEMENTATION);
  }
}

/** Only one consumer at a time is to be given messages. */
export function isSingleActive(declared: FieldTable): boolean {
  const field = declared.get(SINGLE_ACTIVE);
  return field?.type === 't' && field.value;
}

/** A queue without a type is a classic one. */
export function hasSameType(a: FieldTable, b: FieldTable): boolean {
  return typeOf(a) === CLASSIC && typeOf(b) === CLASSIC;
}

/**
 * What a consumer asks for by its arguments.
 * @returns its priority, 0 when it has none
 * @throws BrokerError 406 naming the first argument that is wrong
 */
export function consumerPriority(asked: FieldTable, queue: string, vhost: string): number {
  if (asked.size === 0) return 0;
  assertArgument('x-priority', integer, asked, queue, vhost);
  assertArgument('x-cancel-on-ha-failover', boolean, asked, queue, vhost);
  for (const name of FOREIGN_TO_CONSUMERS) {
    if (asked.has(name)) throw refusal.foreignArgument(name, queue, vhost, CLASSIC_IMPLEMENTATION);
  }
  return Number(integerValue(asked.get('x-priority')) ?? 0);
}

function assertArgument(name: string, check: Check, all: FieldTable, queue: string, vhost: string): void {
  const field = all.get(name);
  const wrong = field === undefined ? undefined : check(field, all);
  if (wrong !== undefined) throw refusal.invalidArgument(name, queue, vhost, wrong);
}

function typeOf(declared: FieldTable): string | undefined {
  const field = declared.get(QUEUE_TYPE);
  return field === undefined ? CLASSIC : text(field);
}

// Checks of several arguments.

function anything(): undefined {
  return undefined;
}

function integer(field: Field): string | undefined {
  return integerValue(field) === undefined ? `"expected integer, got ${fieldTypeName(field)}"` : undefined;
}

function wholeNumber(field: Field): string | undefined {
  const value = integerValue(field);
  return value !== undefined && value < 0 ? `{value_negative,${value}}` : integer(field);
}

function period(field: Field): string | undefined {
  const value = integerValue(field);
  return value !== undefined && value > PERIOD_MS_MAX ? `{value_too_large,${value}}` : wholeNumber(field);
}

function boolean(field: Field): string | undefined {
  return field.type === 't' ? undefined : unacceptableType(field);
}

/** One of a few texts. */
function oneOf(field: Field, accepted: readonly string[], wrong: (value: string) => string): string | undefined {
  const value = field.type === 'S' ? text(field) : undefined;
  if (value === undefined) return unacceptableType(field);
  return accepted.includes(value) ? undefined : wrong(value);
}

// Checks of one argument.

function positivePeriod(field: Field): string | undefined {
  const value = integerValue(field);
  return value !== undefined && value >= 0 && value < 1 ? `{value_zero,${value}}` : period(field);
}

function deadLetterRoutingKey(field: Field, all: FieldTable): string | undefined {
  if (field.type !== 'S') return unacceptableType(field);
  return all.has(DEAD_LETTER_EXCHANGE) ? undefined : 'routing_key_but_no_dlx_defined';
}

function priorities(field: Field): string | undefined {
  const value = integerValue(field);
  return value !== undefined && value > PRIORITY_MAX ? `{max_value_exceeded,${value}}` : wholeNumber(field);
}

function overflow(field: Field): string | undefined {
  return oneOf(field, ['drop-head', 'reject-publish', 'reject-publish-dlx'], () => 'invalid_overflow');
}

/** Quorum queues and streams must not silently become classic ones: what they promise would be missing. */
function queueType(field: Field): string | undefined {
  return oneOf(field, [CLASSIC], (value) => `"unsupported queue type '${value}'"`);
}

function queueMode(field: Field): string | undefined {
  return oneOf(field, ['default', 'lazy'], (value) => `"unsupported queue mode '${value}'"`);
}

function queueVersion(field: Field): string | undefined {
  const value = integerValue(field);
  const isUnsupported = value !== undefined && (value > 2 || (value >= 0 && value < 1));
  return isUnsupported ? `"unsupported queue version '${value}'"` : wholeNumber(field);
}

function leaderLocator(field: Field): string | undefined {
  return oneOf(field, ['client-local', 'balanced'], () => 'invalid_queue_locator_arg');
}

function unacceptableType(field: Field): string {
  return `{unacceptable_type,${fieldTypeName(field)}}`;
}

/** The value of an integer field of any width; undefined for any other. */
function integerValue(field: Field | undefined): number | bigint | undefined {
  switch (field?.type) {
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
    case 'l':
    case 'L':
      return field.value;
    default:
      return undefined;
  }
}
