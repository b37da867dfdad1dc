/** Arguments of queues: which are refused and how, and which redeclarations are equivalent. */

import type { Field } from '../../../src/base/field-table.ts';
import type { TableValues } from '../case-run.ts';
import { type ConformanceCase, conforms, declares, typed } from '../steps.ts';

function takes(what: string, values: TableValues): ConformanceCase {
  const feature = /x-queue-(mode|version)/.test(what) ? 'QA-17' : 'Q-11';
  return conforms(feature, `declare with ${what}`, [declares('~q', { arguments: values })]);
}

type Fields = NonNullable<Parameters<typeof declares>[1]>;

function redeclares(what: string, first: Fields, second: Fields): ConformanceCase {
  const feature = what.includes('x-queue-type classic') ? 'Q-10' : 'Q-09';
  return conforms(feature, `redeclare ${what}`, [declares('~q', first), declares('~q', second)]);
}

function redeclaresWith(what: string, first: TableValues, second: TableValues): ConformanceCase {
  return redeclares(what, { arguments: first }, { arguments: second });
}

/** Arguments whose value is a number of milliseconds, messages or bytes. */
const NUMBERS = ['x-message-ttl', 'x-expires', 'x-max-length', 'x-max-length-bytes', 'x-max-priority'];

/** A value of each type that a table may have, but tables. */
const FIELDS: readonly Field[] = [
  { type: 't', value: true },
  { type: 'b', value: 1 },
  { type: 'B', value: 1 },
  { type: 's', value: 1 },
  { type: 'u', value: 1 },
  { type: 'I', value: 1 },
  { type: 'i', value: 1 },
  { type: 'l', value: 1n },
  { type: 'L', value: 1n },
  { type: 'f', value: 1 },
  { type: 'd', value: 1 },
  { type: 'D', scale: 1, value: 1 },
  { type: 'x', value: new Uint8Array(1) },
  { type: 'T', value: 1n },
  { type: 'V' },
  { type: 'A', value: [] },
];

/** Arguments that only quorum queues and streams have. */
const FOREIGN = [
  'x-dead-letter-strategy',
  'x-initial-cluster-size',
  'x-max-in-memory-bytes',
  'x-max-in-memory-length',
  'x-quorum-initial-group-size',
  'x-stream-max-segment-size-bytes',
];

const ARGUMENT = { 'x-max-length': 1 };

export const QUEUE_ARGUMENT_CASES = [
  ...NUMBERS.flatMap((key) => [
    takes(`${key} 1`, { [key]: 1 }),
    takes(`${key} 0`, { [key]: 0 }),
    takes(`${key} -1`, { [key]: -1 }),
    takes(`${key} as text`, { [key]: '10' }),
    takes(`${key} true`, { [key]: true }),
    takes(`${key} as a double`, typed(key, { type: 'd', value: 10 })),
    takes(`${key} too large`, { [key]: 2n ** 62n }),
  ]),
  takes('x-max-priority 255', { 'x-max-priority': 255 }),
  takes('x-max-priority 256', { 'x-max-priority': 256 }),
  takes('the longest x-message-ttl', { 'x-message-ttl': 315_360_000_000n }),
  takes('more than the longest x-message-ttl', { 'x-message-ttl': 315_360_000_001n }),
  takes('x-overflow drop-head', { 'x-overflow': 'drop-head' }),
  takes('x-overflow reject-publish', { 'x-overflow': 'reject-publish' }),
  takes('x-overflow reject-publish-dlx', { 'x-overflow': 'reject-publish-dlx' }),
  takes('an unknown x-overflow', { 'x-overflow': 'explode' }),
  takes('x-overflow as a number', { 'x-overflow': 1 }),
  takes('x-dead-letter-exchange', { 'x-dead-letter-exchange': '~none' }),
  takes('x-dead-letter-exchange as a number', { 'x-dead-letter-exchange': 1 }),
  takes('x-dead-letter-routing-key alone', { 'x-dead-letter-routing-key': 'k' }),
  takes('x-dead-letter-routing-key as a number', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 1 }),
  takes('both dead-letter arguments', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'k' }),
  ...FIELDS.map((field) => takes(`an x-max-length of type ${field.type}`, typed('x-max-length', field))),
  ...FIELDS.map((field) => takes(`an x-overflow of type ${field.type}`, typed('x-overflow', field))),
  ...FIELDS.map((field) =>
    takes(`an x-dead-letter-exchange of type ${field.type}`, typed('x-dead-letter-exchange', field)),
  ),
  takes('x-single-active-consumer', { 'x-single-active-consumer': true }),
  takes('x-single-active-consumer as text', { 'x-single-active-consumer': 'true' }),
  takes('x-queue-type classic', { 'x-queue-type': 'classic' }),
  takes('an unknown x-queue-type', { 'x-queue-type': 'magic' }),
  takes('x-queue-type as a number', { 'x-queue-type': 1 }),
  takes('x-queue-mode lazy', { 'x-queue-mode': 'lazy' }),
  takes('x-queue-mode default', { 'x-queue-mode': 'default' }),
  takes('an unknown x-queue-mode', { 'x-queue-mode': 'eager' }),
  takes('x-queue-version 1', { 'x-queue-version': 1 }),
  takes('x-queue-version 2', { 'x-queue-version': 2 }),
  takes('x-queue-version 3', { 'x-queue-version': 3 }),
  takes('x-queue-master-locator', { 'x-queue-master-locator': 'client-local' }),
  takes('x-queue-mode as a number', { 'x-queue-mode': 1 }),
  takes('x-queue-version 0', { 'x-queue-version': 0 }),
  takes('x-queue-version -1', { 'x-queue-version': -1 }),
  takes('x-queue-version as text', { 'x-queue-version': '2' }),
  ...FOREIGN.map((key) => takes(`${key} on a classic queue`, { [key]: 1 })),
  takes('x-max-age on a classic queue', { 'x-max-age': '1h' }),
  takes('x-delivery-limit on a classic queue', { 'x-delivery-limit': 5 }),
  takes('an unknown argument', { 'x-mine': { nested: [1, 'two', null] } }),
  takes('two wrong arguments', { 'x-message-ttl': -1, 'x-expires': 0 }),
  ...FIELDS.map((field) =>
    redeclaresWith(`with an argument of type ${field.type}`, typed('x-mine', field), typed('x-mine', field)),
  ),
  redeclaresWith('with a wrong argument', {}, { 'x-message-ttl': -1 }),
  redeclaresWith('with an unknown x-queue-type', {}, { 'x-queue-type': 'magic' }),
  redeclaresWith('with x-max-age', {}, { 'x-max-age': '1h' }),
  redeclaresWith('with a number for text', { 'x-dead-letter-exchange': 'a' }, { 'x-dead-letter-exchange': 5 }),
  redeclares('an exclusive queue with an argument', { exclusive: true }, { exclusive: true, arguments: ARGUMENT }),
  redeclares('with another durability', {}, { durable: true }),
  redeclares('a durable queue as transient', { durable: true }, {}),
  redeclares('with another auto-delete', {}, { autoDelete: true }),
  redeclares('with all otherwise: durable comes first', {}, { durable: true, autoDelete: true, exclusive: true }),
  redeclares('with auto-delete and exclusive otherwise', {}, { autoDelete: true, exclusive: true }),
  redeclares(
    'with durability and an argument otherwise',
    { arguments: { 'x-max-length': 1 } },
    { durable: true, arguments: { 'x-max-length': 2 } },
  ),
  redeclaresWith('with x-message-ttl added', {}, { 'x-message-ttl': 10 }),
  redeclaresWith('with x-message-ttl gone', { 'x-message-ttl': 10 }, {}),
  redeclaresWith('with another x-message-ttl', { 'x-message-ttl': 10 }, { 'x-message-ttl': 20 }),
  redeclaresWith('with another x-expires', { 'x-expires': 100_000 }, { 'x-expires': 200_000 }),
  redeclaresWith('with another x-max-length', { 'x-max-length': 10 }, { 'x-max-length': 20 }),
  redeclaresWith('with another x-max-length-bytes', { 'x-max-length-bytes': 10 }, { 'x-max-length-bytes': 20 }),
  redeclaresWith('with another x-max-priority', { 'x-max-priority': 1 }, { 'x-max-priority': 2 }),
  redeclaresWith('with another x-overflow', { 'x-overflow': 'drop-head' }, { 'x-overflow': 'reject-publish' }),
  redeclaresWith('with x-overflow added', {}, { 'x-overflow': 'drop-head' }),
  redeclaresWith(
    'with another x-dead-letter-exchange',
    { 'x-dead-letter-exchange': 'a' },
    { 'x-dead-letter-exchange': 'b' },
  ),
  redeclaresWith('with x-dead-letter-exchange gone', { 'x-dead-letter-exchange': 'a' }, {}),
  redeclaresWith(
    'with another x-dead-letter-routing-key',
    { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 'k' },
    { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 'l' },
  ),
  redeclaresWith('with x-single-active-consumer added', {}, { 'x-single-active-consumer': true }),
  redeclaresWith(
    'with x-single-active-consumer turned off',
    { 'x-single-active-consumer': true },
    { 'x-single-active-consumer': false },
  ),
  redeclaresWith('with x-queue-type classic added', {}, { 'x-queue-type': 'classic' }),
  redeclaresWith('with x-queue-type classic gone', { 'x-queue-type': 'classic' }, {}),
  redeclaresWith('with x-queue-type quorum', {}, { 'x-queue-type': 'quorum' }),
  redeclaresWith('with another x-queue-mode', { 'x-queue-mode': 'default' }, { 'x-queue-mode': 'lazy' }),
  redeclaresWith('with an unknown argument added', {}, { 'x-mine': 1 }),
  redeclaresWith('with another unknown argument', { 'x-mine': 1 }, { 'x-mine': 'two' }),
  redeclaresWith('with a number of another width', { 'x-max-length': 10 }, { 'x-max-length': 10n }),
  redeclaresWith(
    'with an unsigned byte for a long',
    { 'x-max-length': 10 },
    typed('x-max-length', { type: 'B', value: 10 }),
  ),
  redeclaresWith('with text for a number', { 'x-max-length': 10 }, { 'x-max-length': '10' }),
];
