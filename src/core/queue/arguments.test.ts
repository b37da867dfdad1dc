/** Arguments of queues and consumers: every refusal with the words of RabbitMQ 3.10, which was asked. */

import { describe, expect, test } from 'vitest';
import { type Field, type FieldTable, table } from '../../base/field-table.ts';
import { assertQueueArguments, consumerPriority, deadLetterExchange, hasSameType } from './arguments.ts';

const INTEGERS = ['b', 'B', 's', 'u', 'I', 'i'] as const;

function refusalOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function queueRefusal(values: FieldTable): string | undefined {
  return refusalOf(() => assertQueueArguments(values, 'q', '/'));
}

/** What stands after the argument's name and the queue. */
function whyRefused(name: string, field: Field): string | undefined {
  return queueRefusal(new Map([[name, field]]))?.replace(
    `PRECONDITION_FAILED - invalid arg '${name}' for queue 'q' in vhost '/': `,
    '',
  );
}

function long(value: bigint): Field {
  return { type: 'l', value };
}

function word(value: string): Field {
  return { type: 'S', value: new TextEncoder().encode(value) };
}

describe('the arguments of a queue', () => {
  test.each([
    ['x-expires', -1n, '{value_negative,-1}'],
    ['x-expires', 0n, '{value_zero,0}'],
    ['x-expires', 1n, undefined],
    ['x-expires', 315_360_000_001n, '{value_too_large,315360000001}'],
    ['x-message-ttl', -1n, '{value_negative,-1}'],
    ['x-message-ttl', 0n, undefined],
    ['x-message-ttl', 315_360_000_000n, undefined],
    ['x-message-ttl', 315_360_000_001n, '{value_too_large,315360000001}'],
    ['x-max-length', -1n, '{value_negative,-1}'],
    ['x-max-length', 9_007_199_254_740_993n, undefined],
    ['x-max-length-bytes', -5n, '{value_negative,-5}'],
    ['x-max-length-bytes', 0n, undefined],
    ['x-max-priority', -1n, '{value_negative,-1}'],
    ['x-max-priority', 0n, undefined],
    ['x-max-priority', 255n, undefined],
    ['x-max-priority', 256n, '{max_value_exceeded,256}'],
    ['x-queue-version', -1n, '{value_negative,-1}'],
    ['x-queue-version', 0n, '"unsupported queue version \'0\'"'],
    ['x-queue-version', 1n, undefined],
    ['x-queue-version', 2n, undefined],
    ['x-queue-version', 3n, '"unsupported queue version \'3\'"'],
  ])('the number of %s may be %d: %s', (name, value, why) => {
    expect(whyRefused(name, long(value))).toBe(why);
  });

  test.each(['x-expires', 'x-message-ttl', 'x-max-length', 'x-max-length-bytes', 'x-max-priority', 'x-queue-version'])(
    '%s is a whole number of any width',
    (name) => {
      for (const type of INTEGERS) expect(whyRefused(name, { type, value: 1 })).toBeUndefined();
      expect(whyRefused(name, word('1'))).toBe('"expected integer, got longstr"');
      expect(whyRefused(name, { type: 'd', value: 1 })).toBe('"expected integer, got double"');
      expect(whyRefused(name, { type: 'T', value: 1n })).toBe('"expected integer, got timestamp"');
      expect(whyRefused(name, { type: 'V' })).toBe('"expected integer, got void"');
    },
  );

  test.each([
    ['x-overflow', ['drop-head', 'reject-publish', 'reject-publish-dlx'], 'invalid_overflow'],
    ['x-queue-mode', ['default', 'lazy'], '"unsupported queue mode \'other\'"'],
    ['x-queue-type', ['classic'], '"unsupported queue type \'other\'"'],
    ['x-queue-leader-locator', ['client-local', 'balanced'], 'invalid_queue_locator_arg'],
  ])('%s is one of %j', (name, accepted, otherwise) => {
    for (const value of accepted) expect(whyRefused(name, word(value))).toBeUndefined();
    expect(whyRefused(name, word('other'))).toBe(otherwise);
    expect(whyRefused(name, { type: 'b', value: 1 })).toBe('{unacceptable_type,byte}');
  });

  test('quorum queues and streams are refused: they would lack what they promise', () => {
    expect(whyRefused('x-queue-type', word('quorum'))).toBe('"unsupported queue type \'quorum\'"');
    expect(whyRefused('x-queue-type', word('stream'))).toBe('"unsupported queue type \'stream\'"');
  });

  test('a single active consumer is wanted or not', () => {
    expect(whyRefused('x-single-active-consumer', { type: 't', value: true })).toBeUndefined();
    expect(whyRefused('x-single-active-consumer', word('true'))).toBe('{unacceptable_type,longstr}');
  });

  test('a dead letter exchange is a text', () => {
    expect(deadLetterExchange(table({ 'x-dead-letter-exchange': 'x' }), 'q', '/')).toBe('x');
    expect(deadLetterExchange(table({}), 'q', '/')).toBeUndefined();
    expect(refusalOf(() => deadLetterExchange(table({ 'x-dead-letter-exchange': true }), 'q', '/'))).toBe(
      "PRECONDITION_FAILED - invalid type 'bool' for arg 'x-dead-letter-exchange' in queue 'q' in vhost '/'",
    );
  });

  test('a dead letter routing key is a text, and needs a dead letter exchange', () => {
    const name = 'x-dead-letter-routing-key';
    expect(whyRefused(name, word('k'))).toBe('routing_key_but_no_dlx_defined');
    expect(whyRefused(name, { type: 't', value: true })).toBe('{unacceptable_type,bool}');
    expect(queueRefusal(table({ [name]: 'k', 'x-dead-letter-exchange': '' }))).toBeUndefined();
  });

  test('what only other types of queue have is refused', () => {
    expect(queueRefusal(table({ 'x-max-age': '1D' }))).toBe(
      "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'q' in vhost '/' of queue type rabbit_classic_queue",
    );
  });

  test('of several wrong ones the first in the order of RabbitMQ is named', () => {
    const order = ['x-queue-type', 'x-expires', 'x-message-ttl', 'x-dead-letter-routing-key', 'x-max-length'];
    order.push('x-max-length-bytes', 'x-max-priority', 'x-overflow', 'x-queue-mode', 'x-queue-version');
    order.push('x-single-active-consumer', 'x-max-age');
    const wrong = new Map(order.toReversed().map((name) => [name, { type: 'V' } as const]));
    for (const name of order) {
      expect(queueRefusal(wrong)).toContain(`invalid arg '${name}' for`);
      wrong.delete(name);
    }
    expect(queueRefusal(wrong)).toBeUndefined();
  });

  test('unknown ones may be anything', () => {
    expect(queueRefusal(table({ 'x-foo': -1, 'x-ha-policy': { a: null } }))).toBeUndefined();
  });

  test('without a type a queue is classic', () => {
    const classic = table({ 'x-queue-type': 'classic' });
    expect(hasSameType(classic, table({}))).toBe(true);
    expect(hasSameType(table({ 'x-queue-type': 'quorum' }), table({}))).toBe(false);
  });
});

describe('the arguments of a consumer', () => {
  const priorityOf = (values: FieldTable) => consumerPriority(values, 'q', '/');

  test('a priority is an integer, which may be negative and of any width', () => {
    expect(priorityOf(table({}))).toBe(0);
    expect(priorityOf(table({ 'x-foo': 1 }))).toBe(0);
    expect(priorityOf(new Map([['x-priority', long(-7n)]]))).toBe(-7);
    for (const type of INTEGERS) expect(priorityOf(new Map([['x-priority', { type, value: 5 }]]))).toBe(5);
  });

  test.each([
    [table({ 'x-priority': '1' }), ': "expected integer, got longstr"'],
    [table({ 'x-priority': true }), ': "expected integer, got bool"'],
    [table({ 'x-cancel-on-ha-failover': 1 }), ': {unacceptable_type,signedint}'],
    [table({ 'x-stream-offset': 'first' }), ' of queue type rabbit_classic_queue'],
  ])('%o is refused', (values, why) => {
    const [name] = values.keys();
    expect(refusalOf(() => priorityOf(values))).toBe(
      `PRECONDITION_FAILED - invalid arg '${name}' for queue 'q' in vhost '/'${why}`,
    );
  });
});
