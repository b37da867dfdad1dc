/** What a client does that leaves lines in the broker's log: connection `a` of each case is the one whose lines count. */

import type { Handshake, Step } from './case-run.ts';
import {
  awaits,
  declares,
  does,
  drops,
  ends,
  logsIn,
  on,
  publishes,
  sends,
  sendsBytes,
  sendsFrame,
  settles,
  shakesHands,
} from './steps.ts';

export interface LogCase {
  readonly name: string;
  readonly steps: readonly Step[];
  /** The case waits for a handshake to take too long: the broker gives it a second. */
  readonly isTimeout?: boolean;
}

const HEADER = 'AMQP\0\0\x09\x01';

/** Sends the protocol header and takes connection.start. */
const asks: Step = async (run, { connection }) => {
  const client = run.client(connection);
  client.send(Buffer.from(HEADER, 'latin1'));
  await client.until(0, () => client.count(0, 'connection.start') > 0);
};
const startOk = sends('connection.start-ok', {
  clientProperties: {},
  mechanism: 'PLAIN',
  response: Buffer.from('\0guest\0guest'),
  locale: 'en_US',
});

function connects(name: string, handshake: Handshake): LogCase {
  return { name, steps: [shakesHands(handshake)] };
}

function says(name: string, bytes: string): LogCase {
  return { name, steps: [sendsBytes(bytes), ends()] };
}

const NAMED = { clientProperties: { connection_name: 'worker 1' } };

export const LOG_CASES: readonly LogCase[] = [
  connects('a login', {}),
  connects('a login of a client that has a name', NAMED),
  connects('a wrong password', { password: 'wrong' }),
  connects('a wrong password of a client that cannot be told', { password: 'wrong', clientProperties: {} }),
  connects('a wrong password of a client that has a name', { ...NAMED, password: 'wrong' }),
  connects('an unknown user', { user: 'nobody' }),
  connects('an empty password', { password: '' }),
  connects('a user without a password', { user: 'passwordless' }),
  connects('a response that is none', { response: Buffer.from('guest\0guest') }),
  connects('an unknown mechanism', { mechanism: 'MAGIC' }),
  connects('a frame_max above the limit', { tune: { frameMax: 131_073 } }),
  connects('a frame_max below the least', { tune: { frameMax: 100 } }),
  connects('a channel_max above the limit', { tune: { channelMax: 2048 } }),
  connects('a channel_max of 0 where there is a limit', { tune: { channelMax: 0 } }),
  connects('a missing vhost', { vhost: 'gone' }),
  connects('a vhost that the user may not enter', { user: 'reader', vhost: 'other' }),
  connects('a user without permissions', { user: 'none' }),
  { name: 'a missing queue', steps: [does('queue.declare', { queue: 'log.none', passive: true })] },
  { name: 'an unknown delivery tag', steps: [does('basic.ack', { deliveryTag: 7 }), awaits('channel.close')] },
  { name: 'a missing exchange', steps: [publishes({ exchange: 'log.none' }), awaits('channel.close')] },
  {
    name: 'a redeclaration with another type',
    steps: [does('exchange.declare', { exchange: 'amq.fanout', type: 'topic' })],
  },
  { name: 'a missing permission', steps: [logsIn({ user: 'reader' }), declares('log.mine')] },
  { name: 'immediate', steps: [publishes({ immediate: true }), ends()] },
  { name: 'a channel opened twice', steps: [settles(), sends('channel.open'), ends()] },
  { name: 'a channel that is not open', steps: [logsIn({}), sends('queue.declare', { queue: 'x' }), ends()] },
  { name: 'a consumer tag in use', steps: [declares('log.q', { exclusive: true }), consumesTwice(), ends()] },
  { name: 'a body without a method', steps: [sendsFrame('body', 'xyz'), ends()] },
  {
    name: 'more channels than agreed on',
    steps: [logsIn({ tune: { channelMax: 1 } }), settles(), on('a', 2, sends('channel.open')), ends()],
  },
  {
    name: 'a frame above the limit',
    steps: [settles(), sendsBytes(`\x01\0\x01\x00\x7f\xff\xff${'a'.repeat(40)}`), ends()],
  },
  {
    name: 'a frame without its end',
    steps: [settles(), sendsBytes(`\x01\0\x01\0\0\0\x04abcdX${'a'.repeat(40)}`), ends()],
  },
  { name: 'open before start-ok', steps: [asks, on('a', 0, sends('connection.open'), ends())] },
  { name: 'start-ok on an open connection', steps: [logsIn({}), on('a', 0, startOk, ends())] },
  { name: 'a client that goes without a word', steps: [settles(), drops()] },
  { name: 'a client that goes before its login', steps: [asks, drops()] },
  {
    name: 'a client that goes after its login',
    steps: [asks, on('a', 0, startOk, awaits('connection.tune')), drops()],
  },
  { name: 'a client that is silent', steps: [logsIn({ tune: { heartbeat: 1 } }), ends()] },
  { name: 'a client that never says anything', steps: [sendsBytes(''), ends()], isTimeout: true },
  { name: 'a client that only sends its header', steps: [asks, ends()], isTimeout: true },
  { name: 'a client that only logs in', steps: [asks, on('a', 0, startOk), ends()], isTimeout: true },
  says('HTTP', 'GET / HTTP/1.1\r\n\r\n'),
  says('TLS', '\x16\x03\x01\x02\0\x01\0\x01'),
  says('AMQP 1.0', 'AMQP\0\x01\0\0'),
  says('AMQP 0-8', 'AMQP\0\0\x08\0'),
  says('something else', '12345678'),
  {
    name: 'a client that closes with an error of its own',
    steps: [on('a', 0, logsIn({}), does('connection.close', { replyCode: 541, replyText: 'broken' }))],
  },
  {
    name: 'a channel that the client closes with an error of its own',
    steps: [settles(), does('channel.close', { replyCode: 541, replyText: 'broken' })],
  },
  {
    name: 'a new secret',
    steps: [
      on(
        'a',
        0,
        logsIn({}),
        does('connection.update-secret', { newSecret: Buffer.from('guest'), reason: 'it is old' }),
      ),
    ],
  },
];

function consumesTwice(): Step {
  const consumes = does('basic.consume', { queue: 'log.q', consumerTag: 'tag' });
  return async (run, place) => {
    await consumes(run, place);
    await consumes(run, place);
  };
}
