/** Direct reply-to: answers without a queue. */

import type { Step } from '../case-run.ts';
import { awaits, binds, conforms, consumes, declares, does, gets, looksAt, on, publishes, settles } from '../steps.ts';

const REPLY_TO = 'amq.rabbitmq.reply-to';

const listens = consumes(REPLY_TO, { noAck: true, consumerTag: 'replies' });
const asks = publishes({ key: '~rpc', body: 'question', properties: { replyTo: REPLY_TO, correlationId: 'c' } });
/** A server that takes the question on connection b. */
const takesQuestion: Step = on('b', 1, consumes('~rpc', { noAck: true }), awaits('basic.deliver'));

export const REPLY_TO_CASES = [
  conforms('S-14', 'a question is answered', [
    declares('~rpc'),
    listens,
    asks,
    takesQuestion,
    on('b', 1, publishes({ key: '{replyTo}', body: 'answer', properties: { correlationId: 'c' } })),
    awaits('basic.deliver'),
  ]),
  conforms('S-14', 'a mandatory answer is delivered and returned', [
    declares('~rpc'),
    listens,
    asks,
    takesQuestion,
    on('b', 1, does('confirm.select'), publishes({ key: '{replyTo}', mandatory: true }), awaits('basic.ack')),
    awaits('basic.deliver'),
  ]),
  conforms('S-14', 'a mandatory answer that reaches a queue too is not returned', [
    declares('~rpc'),
    declares('~copy'),
    listens,
    asks,
    takesQuestion,
    on(
      'b',
      1,
      does('confirm.select'),
      publishes({ key: '{replyTo}', mandatory: true, properties: { headers: { CC: ['~copy'] } } }),
      awaits('basic.ack'),
    ),
    awaits('basic.deliver'),
    on('b', 1, looksAt('~copy')),
  ]),
  conforms('S-14', 'a mandatory answer in a transaction is delivered and returned', [
    declares('~rpc'),
    listens,
    asks,
    takesQuestion,
    on('b', 1, does('tx.select'), publishes({ key: '{replyTo}', mandatory: true }), does('tx.commit')),
    awaits('basic.deliver'),
  ]),
  conforms('S-14', 'the name of an answer can be looked at', [
    declares('~rpc'),
    listens,
    asks,
    takesQuestion,
    on('b', 1, looksAt('{replyTo}'), declares('{replyTo}')),
  ]),
  conforms('S-14', 'the name of an answer is gone with its channel', [
    declares('~rpc'),
    on('a', 2, listens, asks, settles()),
    takesQuestion,
    on('a', 2, does('channel.close', { replyCode: 200 })),
    on('b', 1, looksAt('{replyTo}')),
  ]),
  conforms('S-14', 'an answer to a channel that is gone comes back', [
    declares('~rpc'),
    on('a', 2, listens, asks, settles()),
    takesQuestion,
    on('a', 2, does('channel.close', { replyCode: 200 })),
    on('b', 1, publishes({ key: '{replyTo}', mandatory: true }), awaits('basic.return')),
  ]),
  conforms('S-14', 'a listener must not acknowledge', [consumes(REPLY_TO)]),
  conforms('S-14', 'there is one listener a channel', [
    listens,
    consumes(REPLY_TO, { noAck: true, consumerTag: 'two' }),
  ]),
  conforms('S-14', 'after a cancel there may be another listener', [
    listens,
    does('basic.cancel', { consumerTag: 'replies' }),
    listens,
  ]),
  conforms('S-14', 'asking without a listener is refused', [declares('~rpc'), asks, awaits('channel.close')]),
  conforms('S-14', 'the name itself can be declared and looked at', [declares(REPLY_TO), looksAt(REPLY_TO)]),
  conforms('S-14', 'an empty name stands for the replies when they were declared last', [
    declares(REPLY_TO),
    consumes('', { noAck: true }),
    declares('~rpc'),
    asks,
    on('b', 1, gets('~rpc')),
  ]),
  conforms('S-14', 'the name itself with a listener', [listens, declares(REPLY_TO), looksAt(REPLY_TO)]),
  conforms('S-14', 'the name cannot be bound', [binds(REPLY_TO, 'amq.direct', 'k')]),
  conforms('S-14', 'the name cannot be unbound', [
    does('queue.unbind', { queue: REPLY_TO, exchange: 'amq.direct', routingKey: 'k' }),
  ]),
  conforms('S-14', 'the name cannot be read by get', [gets(REPLY_TO)]),
  conforms('S-14', 'the name cannot be purged', [does('queue.purge', { queue: REPLY_TO })]),
  conforms('S-14', 'the name can be deleted without effect', [does('queue.delete', { queue: REPLY_TO })]),
  conforms('S-14', 'an answer to a name that is none', [
    publishes({ key: `${REPLY_TO}.nobody`, mandatory: true }),
    awaits('basic.return'),
    looksAt(`${REPLY_TO}.nobody`),
  ]),
  conforms('S-14', 'a listener with no-wait is not answered', [
    does('basic.consume', { queue: REPLY_TO, consumerTag: 'replies', noAck: true, noWait: true }),
    settles(),
    does('basic.cancel', { consumerTag: 'replies' }),
  ]),
  conforms('S-14', 'a listener whose tag is in use', [
    declares('~q'),
    consumes('~q', { consumerTag: 'replies' }),
    listens,
  ]),
  conforms('S-14', 'the broker names a listener without a tag', [consumes(REPLY_TO, { noAck: true, consumerTag: '' })]),
  conforms('S-14', 'the name itself leads nowhere', [
    listens,
    publishes({ key: REPLY_TO, mandatory: true }),
    awaits('basic.return'),
    publishes({ exchange: 'amq.direct', key: REPLY_TO, mandatory: true }),
    awaits('basic.return', 2),
  ]),
  conforms('S-14', 'nobody else listens at the address', [
    declares('~rpc'),
    listens,
    asks,
    takesQuestion,
    on('b', 1, consumes('{replyTo}', { noAck: true, consumerTag: 'mine' })),
  ]),
  conforms('S-14', 'whatever is declared of it is only looked at', [
    declares(REPLY_TO, { exclusive: true, durable: true, arguments: { 'x-message-ttl': -1 } }),
  ]),
  conforms('S-14', 'a reply-to that only begins like it is any other', [
    declares('~q'),
    publishes({ key: '~q', properties: { replyTo: `${REPLY_TO}s` } }),
    gets('~q'),
  ]),
  conforms('S-14', 'an exclusive listener', [consumes(REPLY_TO, { noAck: true, exclusive: true, consumerTag: 'r' })]),
];
