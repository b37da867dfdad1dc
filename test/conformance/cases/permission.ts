/** Who may do what: permissions on exchanges and queues, on topics, and users who have none. The users stand in definitions.json. */

import type { Step } from '../case-run.ts';
import {
  awaits,
  binds,
  bindsExchange,
  type ConformanceCase,
  conforms,
  consumes,
  declares,
  declaresExchange,
  does,
  gets,
  logsIn,
  looksAt,
  on,
  publishes,
  settles,
} from '../steps.ts';

/** A user does it on a queue `~q` and an exchange `~x` that guest has declared. */
function tries(user: string, what: string, ...steps: readonly Step[]): ConformanceCase {
  return conforms('U-06', `${user}: ${what}`, [
    on('b', 1, declares('~q'), declaresExchange('~x', 'topic')),
    logsIn({ user }),
    ...steps,
    settles(),
  ]);
}

/** What needs a permission on a queue or an exchange, and what it needs. */
const OPERATIONS: readonly (readonly [string, Step])[] = [
  ['declare a queue', declares('~new')],
  ['declare a queue that exists', declares('~q')],
  ['look at a queue', looksAt('~q')],
  ['look at a missing queue', looksAt('~none')],
  ['delete a queue', does('queue.delete', { queue: '~q' })],
  ['delete a missing queue', does('queue.delete', { queue: '~none' })],
  ['purge a queue', does('queue.purge', { queue: '~q' })],
  ['purge a missing queue', does('queue.purge', { queue: '~none' })],
  ['get', gets('~q')],
  ['consume', consumes('~q')],
  ['bind', binds('~q', '~x', 'k')],
  ['unbind', does('queue.unbind', { queue: '~q', exchange: '~x', routingKey: 'k' })],
  ['declare an exchange', declaresExchange('~new')],
  ['declare an exchange that exists', declaresExchange('~x', 'topic')],
  ['look at an exchange', does('exchange.declare', { exchange: '~x', passive: true })],
  ['delete an exchange', does('exchange.delete', { exchange: '~x' })],
  ['bind exchanges', bindsExchange('~x', 'amq.fanout')],
  ['unbind exchanges', does('exchange.unbind', { destination: '~x', source: 'amq.fanout' })],
  ['publish', publishes({ exchange: '~x', key: 'k' })],
  ['publish to the default exchange', publishes({ key: '~q' })],
  ['publish to a missing exchange', publishes({ exchange: '~none' })],
];

const USERS = ['reader', 'writer', 'owner'];

export const PERMISSION_CASES = [
  ...USERS.flatMap((user) => OPERATIONS.map(([what, step]) => tries(user, what, step))),
  tries('owner', 'declare a server-named queue', declares('')),
  tries(
    'owner',
    'declare a queue with a dead-letter exchange',
    declares('~new', { arguments: { 'x-dead-letter-exchange': '~x' } }),
  ),
  tries(
    'owner',
    'declare an exchange with an alternate exchange',
    declaresExchange('~new', 'direct', { arguments: { 'alternate-exchange': '~x' } }),
  ),
  tries('reader', 'a refusal leaves the connection', declares('~new'), gets('~q')),
  tries('reader', 'declare a reserved name', declares('amq.mine')),
  tries('reader', 'delete the exchange of the broker', does('exchange.delete', { exchange: 'amq.direct' })),
  conforms('U-08', 'a topic that the user may write', [
    logsIn({ user: 'topics' }),
    publishes({ exchange: 'amq.topic', key: 'topics.a' }),
    settles(),
  ]),
  conforms('U-08', 'a topic that the user may not write', [
    logsIn({ user: 'topics' }),
    publishes({ exchange: 'amq.topic', key: 'other.a' }),
    awaits('channel.close'),
  ]),
  conforms('U-08', 'a topic that the user may read', [
    logsIn({ user: 'topics' }),
    declares('~q'),
    binds('~q', 'amq.topic', '/.a'),
  ]),
  conforms('U-08', 'a topic that the user may not read', [
    logsIn({ user: 'topics' }),
    declares('~q'),
    binds('~q', 'amq.topic', 'a.b'),
  ]),
  conforms('U-08', 'a topic that the user may not read is not unbound', [
    logsIn({ user: 'topics' }),
    declares('~q'),
    does('queue.unbind', { queue: '~q', exchange: 'amq.topic', routingKey: 'a.b' }),
  ]),
  conforms('U-08', 'another topic exchange is not concerned', [
    logsIn({ user: 'topics' }),
    declaresExchange('~x', 'topic'),
    publishes({ exchange: '~x', key: 'other.a' }),
    settles(),
  ]),
  conforms('P-07', 'a user without the tag may not set a user-id', [
    logsIn({ user: 'topics' }),
    publishes({ key: '~q', properties: { userId: 'guest' } }),
    awaits('channel.close'),
  ]),
];
