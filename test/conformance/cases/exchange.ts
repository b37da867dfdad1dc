/** Exchanges and bindings: declaring, deleting, routing. */

import type { Step, TableValues } from '../case-run.ts';
import type { ConformanceCase } from '../steps.ts';
import {
  awaits,
  binds,
  bindsExchange,
  conforms,
  declares,
  declaresExchange,
  does,
  gets,
  looksAt,
  publishes,
  settles,
  typed,
} from '../steps.ts';

/** Binds a queue with these arguments to a headers exchange and says whether a message with these headers comes. */
function matchesHeaders(name: string, bound: TableValues, headers: TableValues): ConformanceCase {
  return conforms('X-04', `headers: ${name}`, [
    declares('~q'),
    declaresExchange('~x', 'headers'),
    binds('~q', '~x', '', bound),
    publishes({ exchange: '~x', mandatory: true, properties: { headers } }),
    settles(),
    looksAt('~q'),
    does('queue.delete', { queue: '~q' }),
  ]);
}

/** Binds a queue with a key to a topic exchange and says which of the routing keys reach it. */
function matchesTopic(bindingKey: string, routingKeys: readonly string[]): ConformanceCase {
  return conforms('X-03', `topic ${JSON.stringify(bindingKey)} and ${JSON.stringify(routingKeys)}`, [
    declares('~q'),
    declaresExchange('~x', 'topic'),
    binds('~q', '~x', bindingKey),
    ...routingKeys.flatMap((key): Step[] => [publishes({ exchange: '~x', key, mandatory: true }), settles()]),
    looksAt('~q'),
  ]);
}

const passive = (exchange: string): Step => does('exchange.declare', { exchange, passive: true });

export const EXCHANGE_CASES = [
  conforms('X-01', 'direct: the key must be equal', [
    declares('~q'),
    declaresExchange('~x'),
    binds('~q', '~x', 'one'),
    binds('~q', '~x', 'two'),
    publishes({ exchange: '~x', key: 'one', body: '1' }),
    publishes({ exchange: '~x', key: 'three', body: '3', mandatory: true }),
    publishes({ exchange: '~x', key: 'two', body: '2' }),
    settles('~q'),
    gets('~q'),
    gets('~q'),
    gets('~q'),
  ]),
  conforms('X-02', 'fanout: the key does not matter', [
    declares('~q'),
    declares('~r'),
    declaresExchange('~x', 'fanout'),
    binds('~q', '~x', 'one'),
    binds('~r', '~x'),
    publishes({ exchange: '~x', key: 'two' }),
    gets('~q'),
    gets('~r'),
  ]),
  conforms('X-02', 'fanout: two bindings of one queue make one copy', [
    declares('~q'),
    declaresExchange('~x', 'fanout'),
    binds('~q', '~x', 'one'),
    binds('~q', '~x', 'two'),
    publishes({ exchange: '~x' }),
    looksAt('~q'),
  ]),
  matchesTopic('#', ['a', 'a.b', '']),
  matchesTopic('*', ['a', 'a.b', '']),
  matchesTopic('mysql.*', ['mysql.error', 'mysql', 'mysql.error.x', 'a.mysql.error']),
  matchesTopic('*.error', ['mysql.error', 'error', '.error']),
  matchesTopic('*.django.*', ['a.django.b', 'django', 'a.django', 'a.b.django.c']),
  matchesTopic('#.a', ['a', 'b.a', 'c.b.a', 'a.b']),
  matchesTopic('*.a', ['a', 'b.a', 'c.b.a']),
  matchesTopic('a.#', ['a', 'a.b', 'a.b.c', 'b.a']),
  matchesTopic('a.#.b', ['a.b', 'a.c.b', 'a.c.d.b', 'a.b.c']),
  matchesTopic('#.#', ['', 'a', 'a.b']),
  matchesTopic('', ['', 'a']),
  matchesTopic('a..b', ['a..b', 'a.b', 'a.x.b']),
  matchesTopic('a.*.b', ['a..b', 'a.x.b']),
  matchesTopic('#.*', ['', 'a', 'a.b']),
  matchesTopic('a*', ['a', 'ab', 'a*']),
  matchesHeaders('all is the default', { a: 'x', b: 1 }, { a: 'x', b: 1, c: true }),
  matchesHeaders('all wants every one', { 'x-match': 'all', a: 'x', b: 1 }, { a: 'x' }),
  matchesHeaders('any wants one', { 'x-match': 'any', a: 'x', b: 1 }, { a: 'x' }),
  matchesHeaders('any wants at least one', { 'x-match': 'any', a: 'x', b: 1 }, { a: 'y' }),
  matchesHeaders('no arguments match all', {}, { a: 'y' }),
  matchesHeaders('no arguments match no headers', {}, {}),
  matchesHeaders('any without arguments', { 'x-match': 'any' }, { a: 'y' }),
  matchesHeaders('void asks for presence', { a: null }, { a: 'anything' }),
  matchesHeaders('void asks for presence, and there is none', { a: null }, { b: 'anything' }),
  matchesHeaders('text is not a number', { a: '1' }, { a: 1 }),
  matchesHeaders('the width of a number', { a: 1 }, typed('a', { type: 'b', value: 1 })),
  matchesHeaders('a long and an int', { a: 1n }, { a: 1 }),
  matchesHeaders('a double and an int', typed('a', { type: 'd', value: 1 }), { a: 1 }),
  matchesHeaders('true and 1', { a: true }, { a: 1 }),
  matchesHeaders('booleans', { a: true }, { a: true }),
  matchesHeaders('bytes and text', { a: Uint8Array.of(65) }, { a: 'A' }),
  matchesHeaders('keys with x- are not looked at by all', { 'x-a': 'x', b: 1 }, { b: 1 }),
  matchesHeaders('keys with x- are not looked at by any', { 'x-match': 'any', 'x-a': 'x', b: 1 }, { 'x-a': 'x' }),
  matchesHeaders('all-with-x looks at them', { 'x-match': 'all-with-x', 'x-a': 'x', b: 1 }, { b: 1 }),
  matchesHeaders('all-with-x finds them', { 'x-match': 'all-with-x', 'x-a': 'x', b: 1 }, { b: 1, 'x-a': 'x' }),
  matchesHeaders('any-with-x finds them', { 'x-match': 'any-with-x', 'x-a': 'x', b: 1 }, { 'x-a': 'x' }),
  matchesHeaders('an unknown x-match is refused', { 'x-match': 'some', a: 1 }, { a: 1 }),
  matchesHeaders('an x-match that is no text is refused', { 'x-match': 5, a: 1 }, { a: 1 }),
  conforms('X-04', 'headers: a message without headers', [
    declares('~q'),
    declaresExchange('~x', 'headers'),
    binds('~q', '~x', '', { 'x-match': 'any', a: 1 }),
    publishes({ exchange: '~x', mandatory: true }),
    settles(),
    does('queue.delete', { queue: '~q' }),
  ]),
  conforms('X-05', 'every queue is bound to the default exchange by its name', [
    declares('~q'),
    publishes({ key: '~q' }),
    gets('~q'),
  ]),
  conforms('X-05', 'publishing to a missing queue is no error', [publishes({ key: '~q' }), settles()]),
  conforms('X-05', 'the default exchange is not declared', [declaresExchange('')]),
  conforms('X-05', 'the default exchange is not declared passively', [passive('')]),
  conforms('X-05', 'the default exchange is not deleted', [does('exchange.delete', { exchange: '' })]),
  conforms('X-05', 'nothing is bound to the default exchange', [declares('~q'), binds('~q', '', 'k')]),
  conforms('X-05', 'nothing is unbound from the default exchange', [
    declares('~q'),
    does('queue.unbind', { queue: '~q', exchange: '', routingKey: '~q' }),
  ]),
  conforms('X-05', 'no exchange is bound to the default exchange', [bindsExchange('amq.fanout', '', 'k')]),
  conforms('X-05', 'the default exchange is bound to nothing', [bindsExchange('', 'amq.fanout', 'k')]),
  conforms('X-05', 'no exchange is unbound from the default exchange', [
    does('exchange.unbind', { destination: 'amq.fanout', source: '', routingKey: 'k' }),
  ]),
  conforms('X-06', 'the exchanges of a vhost', [
    ...['direct', 'fanout', 'topic', 'headers', 'match', 'rabbitmq.trace'].map((name) => passive(`amq.${name}`)),
    declaresExchange('amq.direct', 'direct', { durable: true }),
    declaresExchange('amq.match', 'headers', { durable: true }),
    declaresExchange('amq.rabbitmq.trace', 'topic', { durable: true, internal: true }),
  ]),
  conforms('X-06', 'the tracing exchange is internal', [
    publishes({ exchange: 'amq.rabbitmq.trace' }),
    awaits('channel.close'),
  ]),
  conforms('X-07', 'a new exchange may not begin with amq.', [declaresExchange('amq.mine')]),
  conforms('X-07', 'a missing exchange beginning with amq. is missing', [passive('amq.mine')]),
  conforms('X-07', 'an exchange of the broker is not redeclared otherwise', [
    declaresExchange('amq.direct', 'fanout', { durable: true }),
    declaresExchange('amq.direct', 'direct'),
  ]),
  conforms('X-07', 'an exchange of the broker is not deleted', [does('exchange.delete', { exchange: 'amq.direct' })]),
  conforms('X-07', 'a missing exchange beginning with amq. is not deleted either', [
    does('exchange.delete', { exchange: 'amq.mine' }),
  ]),
  conforms('X-07', 'line ends vanish from an exchange name', [declaresExchange('~line\r\nend'), passive('~lineend')]),
  conforms('X-08', 'an exchange of each type', [
    ...['direct', 'fanout', 'topic', 'headers'].map((type) => declaresExchange(`~${type}`, type)),
  ]),
  conforms('X-08', 'an exchange of an unknown type', [declaresExchange('~x', 'nothing')]),
  conforms('X-08', 'an exchange without a type', [declaresExchange('~x', '')]),
  conforms('X-08', 'a passive declare of a missing exchange', [passive('~x')]),
  conforms('X-08', 'a passive declare looks at no type', [
    declaresExchange('~x'),
    does('exchange.declare', { exchange: '~x', type: 'nothing', passive: true, durable: true }),
  ]),
  conforms('X-08', 'an exchange declared with no-wait is not answered', [
    declaresExchange('~x', 'direct', { noWait: true }),
    settles(),
    passive('~x'),
  ]),
  conforms('X-09', 'redeclared with another type', [declaresExchange('~x'), declaresExchange('~x', 'fanout')]),
  conforms('X-09', 'redeclared with another durability', [
    declaresExchange('~x'),
    declaresExchange('~x', 'direct', { durable: true }),
    declaresExchange('~y', 'direct', { durable: true }),
    declaresExchange('~y', 'direct'),
  ]),
  conforms('X-09', 'redeclared with another auto-delete', [
    declaresExchange('~x'),
    declaresExchange('~x', 'direct', { autoDelete: true }),
  ]),
  conforms('X-09', 'redeclared with another internal', [
    declaresExchange('~x'),
    declaresExchange('~x', 'direct', { internal: true }),
  ]),
  conforms('X-09', 'redeclared with all otherwise: the type comes first', [
    declaresExchange('~x'),
    declaresExchange('~x', 'topic', { durable: true, autoDelete: true, internal: true }),
    declaresExchange('~x', 'direct', { durable: true, autoDelete: true, internal: true }),
    declaresExchange('~x', 'direct', { autoDelete: true, internal: true }),
  ]),
  conforms('X-09', 'redeclared with an alternate exchange', [
    declaresExchange('~x'),
    declaresExchange('~x', 'direct', { arguments: { 'alternate-exchange': 'amq.fanout' } }),
  ]),
  conforms('X-09', 'redeclared with another alternate exchange', [
    declaresExchange('~x', 'direct', { arguments: { 'alternate-exchange': 'amq.direct' } }),
    declaresExchange('~x', 'direct', { arguments: { 'alternate-exchange': 'amq.fanout' } }),
    declaresExchange('~x', 'direct'),
  ]),
  conforms('X-09', 'an unknown argument does not count', [
    declaresExchange('~x', 'direct', { arguments: { 'x-mine': 1 } }),
    declaresExchange('~x', 'direct', { arguments: { 'x-mine': 2 } }),
    declaresExchange('~x'),
  ]),
];
