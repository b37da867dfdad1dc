/** Transactions: what is held until commit, what rollback undoes. */

import type { Step } from '../case-run.ts';
import { awaits, conforms, declares, declaresExchange, does, gets, looksAt, on, publishes, settles } from '../steps.ts';

const selects = does('tx.select');
const commits = does('tx.commit');
const rollsBack = does('tx.rollback');
const one = (body: string): Step => publishes({ key: '~q', body });
const keeps = does('basic.get', { queue: '~q' });

export const TRANSACTION_CASES = [
  conforms('T-01', 'commit without a transaction', [commits]),
  conforms('T-01', 'rollback without a transaction', [rollsBack]),
  conforms('T-01', 'a transaction may be selected again', [selects, selects, commits, commits]),
  conforms('T-01', 'publications wait for the commit', [
    declares('~q'),
    selects,
    one('1'),
    one('2'),
    looksAt('~q'),
    commits,
    looksAt('~q'),
    gets('~q'),
  ]),
  conforms('T-01', 'rollback drops publications', [
    declares('~q'),
    selects,
    one('1'),
    rollsBack,
    one('2'),
    commits,
    looksAt('~q'),
    gets('~q'),
  ]),
  conforms('T-01', 'a closed channel drops publications', [
    declares('~q'),
    on('a', 2, selects, one('1'), does('channel.close', { replyCode: 200 })),
    looksAt('~q'),
  ]),
  conforms('T-01', 'acknowledgements wait for the commit', [
    declares('~q'),
    one('1'),
    on('a', 2, selects, keeps, does('basic.ack', { deliveryTag: 1 }), does('channel.close', { replyCode: 200 })),
    gets('~q'),
  ]),
  conforms('T-01', 'committed acknowledgements stand', [
    declares('~q'),
    one('1'),
    settles('~q'),
    on(
      'a',
      2,
      selects,
      keeps,
      does('basic.ack', { deliveryTag: 1 }),
      commits,
      does('channel.close', { replyCode: 200 }),
    ),
    gets('~q'),
  ]),
  conforms('T-01', 'after a rollback a message may be acknowledged again', [
    declares('~q'),
    one('1'),
    selects,
    commits,
    keeps,
    does('basic.ack', { deliveryTag: 1 }),
    rollsBack,
    does('basic.ack', { deliveryTag: 1 }),
    commits,
    looksAt('~q'),
  ]),
  conforms('T-01', 'rollback does not deliver again', [
    declares('~q'),
    one('1'),
    selects,
    keeps,
    does('basic.reject', { deliveryTag: 1, requeue: true }),
    rollsBack,
    looksAt('~q'),
  ]),
  conforms('T-01', 'a committed reject brings the message back', [
    declares('~q'),
    one('1'),
    selects,
    keeps,
    does('basic.reject', { deliveryTag: 1, requeue: true }),
    looksAt('~q'),
    commits,
    looksAt('~q'),
  ]),
  conforms('T-01', 'an unknown tag in a transaction is refused at once', [
    selects,
    does('basic.ack', { deliveryTag: 5 }),
    awaits('channel.close'),
  ]),
  conforms('T-01', 'acknowledging twice in a transaction is refused', [
    declares('~q'),
    one('1'),
    selects,
    keeps,
    does('basic.ack', { deliveryTag: 1 }),
    does('basic.ack', { deliveryTag: 1 }),
    settles(),
  ]),
  conforms('T-01', 'publishing to a missing exchange in a transaction is refused at once', [
    selects,
    publishes({ exchange: '~x' }),
    awaits('channel.close'),
  ]),
  conforms('T-01', 'an exchange deleted before the commit', [
    declaresExchange('~x', 'fanout'),
    selects,
    publishes({ exchange: '~x' }),
    on('a', 2, does('exchange.delete', { exchange: '~x' })),
    commits,
  ]),
  conforms('T-01', 'what is mandatory comes back at the commit, before its answer', [
    selects,
    publishes({ key: '~q', mandatory: true }),
    settles(),
    commits,
  ]),
  conforms('T-01', 'nothing comes back after a rollback', [
    selects,
    publishes({ key: '~q', mandatory: true }),
    rollsBack,
  ]),
  conforms('T-01', 'a persistent message is durable with the commit', [
    declares('~q', { durable: true }),
    selects,
    publishes({ key: '~q', properties: { deliveryMode: 2 } }),
    commits,
    does('queue.delete', { queue: '~q' }),
  ]),
  conforms('T-02', 'a commit to a queue deleted meanwhile succeeds', [
    declares('~q'),
    selects,
    one('1'),
    on('a', 2, does('queue.delete', { queue: '~q' })),
    commits,
  ]),
];
