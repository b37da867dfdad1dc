/** Queues with a single active consumer: who is given messages, who comes next, and what such a queue refuses. */

import type { Step } from '../case-run.ts';
import { acks, cancels, delivered, one, prefetches } from '../one-queue.ts';
import { awaits, conforms, consumes, declares, does, gets, looksAt, on, settles } from '../steps.ts';

const SINGLE_ACTIVE = { arguments: { 'x-single-active-consumer': true } };

const declared = declares('~q', SINGLE_ACTIVE);
const joins = (consumerTag: string, priority?: number): Step =>
  consumes('~q', { consumerTag, arguments: priority === undefined ? {} : { 'x-priority': priority } });

export const SINGLE_ACTIVE_CASES = [
  conforms('QA-09', 'one of several consumers is active, then the next', [
    declared,
    joins('one'),
    joins('two'),
    one('1'),
    one('2'),
    delivered(2),
    cancels('one'),
    one('3'),
    delivered(3),
  ]),
  conforms('QA-09', 'a higher priority does not take over, but comes next', [
    declared,
    joins('one'),
    joins('two'),
    joins('high', 5),
    one('1'),
    delivered(1),
    cancels('one'),
    one('2'),
    delivered(2),
    cancels('high'),
    one('3'),
    delivered(3),
  ]),
  conforms('QA-09', 'a consumer that waits may be cancelled', [
    declared,
    joins('one'),
    joins('two'),
    joins('three'),
    cancels('two'),
    cancels('one'),
    one('1'),
    delivered(1),
  ]),
  conforms('QA-09', 'a consumer that comes again is the last', [
    declared,
    joins('one'),
    joins('two'),
    cancels('one'),
    joins('one'),
    one('1'),
    delivered(1),
    cancels('two'),
    one('2'),
    delivered(2),
  ]),
  conforms('QA-09', 'a full prefetch keeps the others waiting', [
    declared,
    prefetches(1),
    joins('one'),
    joins('two'),
    one('1'),
    one('2'),
    delivered(1),
    settles('~q'),
    acks(1),
    delivered(2),
  ]),
  conforms('QA-09', 'what a closed channel had comes to the next', [
    declared,
    on('b', 1, joins('one')),
    joins('two'),
    one('1'),
    one('2'),
    on('b', 1, delivered(2), does('channel.close', { replyCode: 200 })),
    delivered(2),
  ]),
  conforms('QA-09', 'what a closed connection had comes to the next', [
    declared,
    on('b', 1, joins('one')),
    joins('two'),
    one('1'),
    on('b', 1, delivered(1)),
    on('b', 0, does('connection.close')),
    delivered(1),
  ]),
  conforms('QA-09', 'all consumers are counted', [declared, joins('one'), joins('two'), looksAt('~q')]),
  conforms('QA-09', 'all consumers hear that the queue is deleted', [
    declared,
    on('b', 1, joins('one')),
    on('c', 1, joins('two')),
    does('queue.delete', { queue: '~q' }),
    on('b', 1, awaits('basic.cancel')),
    on('c', 1, awaits('basic.cancel')),
  ]),
  conforms('QA-09', 'an auto-delete queue goes with the last of them', [
    declares('~q', { ...SINGLE_ACTIVE, autoDelete: true }),
    joins('one'),
    joins('two'),
    cancels('one'),
    one('m'),
    delivered(1),
    cancels('two'),
    looksAt('~q'),
  ]),
  conforms('QA-09', 'an exclusive consumer of a queue with a single active one', [
    declared,
    consumes('~q', { exclusive: true }),
  ]),
  conforms('QA-09', 'an exclusive consumer beside a single active one', [
    declared,
    joins('one'),
    consumes('~q', { consumerTag: 'two', exclusive: true }),
  ]),
  conforms('QA-09', 'get from a queue with a single active consumer', [
    declared,
    prefetches(1),
    joins('one'),
    one('1'),
    delivered(1),
    one('2'),
    settles('~q'),
    gets('~q'),
    looksAt('~q'),
  ]),
  conforms('QA-09', 'turned off it is a queue like any other', [
    declares('~q', { arguments: { 'x-single-active-consumer': false } }),
    joins('one'),
    joins('two'),
    one('1'),
    one('2'),
    delivered(2),
  ]),
];
