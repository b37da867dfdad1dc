/** A restart, as far as definitions go: what lasts is there again, what does not is gone, and nothing is mixed up. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeSomething } from '../../test/support/random-administration.ts';
import { RestartedNode } from '../../test/support/restarted-node.ts';
import { EMPTY_TABLE } from '../base/field-table.ts';
import { type DefinitionRecord, NO_METADATA } from '../core/definition-record.ts';
import { Owner } from '../core/owner.ts';
import { encodeDefinition } from '../storage/definition-codec.ts';

const owner = new Owner('guest', 'test');
const QUEUE = { name: 'q', durable: true, exclusive: false, autoDelete: false, arguments: EMPTY_TABLE };
const EXCHANGE = {
  name: 'x',
  type: 'topic',
  durable: true,
  autoDelete: false,
  internal: false,
  arguments: EMPTY_TABLE,
};
const ALWAYS = { ifUnused: false, ifEmpty: false };
const ADMINISTRATOR = { configure: '.*', write: '.*', read: '.*' };

function kept(...records: readonly DefinitionRecord[]): Uint8Array[] {
  const vhost: DefinitionRecord = { kind: 'vhost.added', vhost: '/', metadata: NO_METADATA };
  return [vhost, ...records].map(encodeDefinition);
}

/** The names of what a vhost has, but for what every vhost has. */
function names(node: RestartedNode): string[] {
  const { queues, exchanges } = node.vhost();
  const own = [...exchanges].filter(({ name }) => name !== '' && !name.startsWith('amq.'));
  return [...queues, ...own].map(({ name }) => name);
}

describe('after a restart', () => {
  test('everything that lasts is as it was, also after several', async () => {
    const numbers = fc.array(fc.nat(1000), { minLength: 10, maxLength: 10 });
    const lives = fc.array(fc.array(numbers, { maxLength: 60, size: 'max' }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(lives, async (changes) => {
        let node = new RestartedNode();
        for (const life of changes) {
          for (const change of life) await changeSomething(node.assembly, change);
          const before = node.kept.length;
          const next = node.restart();
          expect(next.lasting).toEqual(node.lasting);
          expect(next.kept.length).toBe(before);
          node = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('what does not last is gone', () => {
    const node = new RestartedNode();
    const vhost = node.vhost();
    vhost.declareQueue(owner, { ...QUEUE, name: 'lasting' });
    vhost.declareQueue(owner, { ...QUEUE, name: 'transient', durable: false });
    vhost.declareQueue(owner, { ...QUEUE, name: 'exclusive', exclusive: true });
    vhost.declareExchange(owner, { ...EXCHANGE, name: 'y' });
    vhost.declareExchange(owner, { ...EXCHANGE, name: 'z', durable: false });
    for (const exchange of ['y', 'z']) {
      for (const queue of ['lasting', 'transient']) vhost.bindQueue(owner, queue, exchange, '', EMPTY_TABLE);
    }
    const restarted = node.restart();

    expect(names(restarted)).toEqual(['lasting', 'y']);
    expect(restarted.vhost().exchange('y').bindingCount).toBe(1);
  });

  test('a queue that was declared again is the new one, without the bindings of the old', () => {
    const node = new RestartedNode();
    const vhost = node.vhost();
    const old = vhost.declareQueue(owner, QUEUE).queue.id;
    vhost.bindQueue(owner, 'q', 'amq.topic', '', EMPTY_TABLE);
    vhost.deleteQueue(owner, 'q', ALWAYS);
    const { id } = vhost.declareQueue(owner, QUEUE).queue;
    const restarted = node.restart().vhost();

    expect([restarted.queue(owner, 'q').id, restarted.exchange('amq.topic').bindingCount]).toEqual([id, 0]);
    expect(id).toBeGreaterThan(old);
  });

  test('no id is given again, also none of what was deleted', () => {
    const node = new RestartedNode();
    const { id } = node.vhost().declareQueue(owner, QUEUE).queue;
    node.vhost().deleteQueue(owner, 'q', ALWAYS);

    expect(node.restart().vhost().declareQueue(owner, QUEUE).queue.id).toBeGreaterThan(id);
  });

  test('no id is given again on a node that was emptied', async () => {
    const node = new RestartedNode();
    const { users, vhosts } = node.assembly.administration;
    const { id } = node.vhost().declareQueue(owner, QUEUE).queue;
    await vhosts.delete('/');
    await users.delete('guest');

    expect(node.restart().vhost().declareQueue(owner, QUEUE).queue.id).toBeGreaterThan(id);
  });

  test('queues are known by their ids, for their messages', () => {
    const node = new RestartedNode();
    const { id } = node.vhost().declareQueue(owner, QUEUE).queue;
    const restarted = node.restart();

    expect([...restarted.assembly.restoredQueues]).toEqual([[id, restarted.vhost().findQueue('q')]]);
  });

  test('messages are routed as before', () => {
    const node = new RestartedNode();
    const vhost = node.vhost();
    vhost.declareQueue(owner, QUEUE);
    vhost.declareExchange(owner, EXCHANGE);
    vhost.declareExchange(owner, { ...EXCHANGE, name: 'y', autoDelete: true });
    vhost.bindExchange(owner, { source: 'x', destination: 'y', key: '#', arguments: EMPTY_TABLE });
    vhost.bindQueue(owner, 'q', 'y', '*.k', EMPTY_TABLE);
    const restarted = node.restart().vhost();

    expect(reached(restarted, 'x', 'a.k')).toEqual(['q']);
    expect(reached(restarted, 'x', 'a.b')).toEqual([]);
    restarted.deleteQueue(owner, 'q', ALWAYS);
    expect([restarted.findExchange('y'), restarted.exchange('x').bindingCount]).toEqual([undefined, 0]);
  });

  test('the same declarations are equivalent, and others are not', () => {
    const node = new RestartedNode();
    node.vhost().declareQueue(owner, QUEUE);
    const restarted = node.restart().vhost();

    expect(restarted.declareQueue(owner, QUEUE).queue.readyCount).toBe(0);
    expect(() => restarted.declareQueue(owner, { ...QUEUE, autoDelete: true })).toThrow(
      "inequivalent arg 'auto_delete' for queue 'q' in vhost '/': received 'true' but current is 'false'",
    );
  });

  test('limits hold', async () => {
    const node = new RestartedNode();
    const { users, vhosts } = node.assembly.administration;
    await users.add('ann');
    await users.setLimits('ann', { connectionsMax: 0 });
    await vhosts.setLimits('/', { connectionsMax: 0 });
    const { connections } = node.restart().assembly.broker;

    expect(() => connections.assertMayOpen('ann', 'v')).toThrow('user connection limit (0) is reached');
    expect(() => connections.assertMayOpen('bob', '/')).toThrow('connection limit (0) is reached');
    connections.assertMayOpen('bob', 'v');
  });

  test('a binding to an exchange that this version does not have is left out, and said so', () => {
    const queue: DefinitionRecord = { kind: 'queue.declared', id: 1, vhost: '/', ...QUEUE };
    const rule = { vhost: '/', source: 'amq.new', key: '', arguments: EMPTY_TABLE } as const;
    const node = new RestartedNode(
      kept(
        queue,
        { kind: 'binding.added', id: 2, queueId: 1, ...rule },
        { kind: 'exchange-binding.added', id: 3, ...rule, destination: 'amq.topic' },
      ),
    );
    const warning = "a binding is left out: there is no exchange 'amq.new' in vhost '/'";

    expect([node.warnings, names(node)]).toEqual([[warning, warning], ['q']]);
  });

  test('a password hash that this version does not know is refused', () => {
    const password = { hash: 'x', algorithm: 'rabbit_password_hashing_argon2' };
    const user: DefinitionRecord = { kind: 'user.set', user: 'ann', password, tags: [] };

    expect(() => new RestartedNode(kept(user))).toThrow(
      "the password of user 'ann' is hashed with 'rabbit_password_hashing_argon2', which this version does not know",
    );
  });
});

describe('the default user and vhost', () => {
  const SHOP = [
    { key: 'default_user', value: 'shop' },
    { key: 'default_vhost', value: 'shop' },
  ];

  test('come to an empty node, and are kept', () => {
    const node = new RestartedNode([], SHOP);
    const { users, vhosts, permissions } = node.restart().assembly.administration;

    expect(users.list()).toEqual([{ name: 'shop', tags: ['administrator'] }]);
    expect(vhosts.list()).toEqual([{ name: 'shop', description: 'Default virtual host', tags: [] }]);
    expect(permissions.list()).toEqual([{ user: 'shop', vhost: 'shop', ...ADMINISTRATOR }]);
  });

  test('do not come to any other, whatever the settings are now', () => {
    const { users, vhosts } = new RestartedNode().restart(SHOP).assembly.administration;

    expect([users.list().length, vhosts.list().length]).toEqual([1, 1]);
    expect(users.list()).toEqual([{ name: 'guest', tags: ['administrator'] }]);
  });

  test('do not come back once they are deleted', async () => {
    const node = new RestartedNode();
    const { users, vhosts } = node.assembly.administration;
    await vhosts.add('other');
    await vhosts.delete('/');
    await users.delete('guest');
    const { administration } = node.restart().assembly;

    expect([administration.users.list(), administration.permissions.list()]).toEqual([[], []]);
    expect(administration.vhosts.list()).toEqual([{ name: 'other', description: '', tags: [] }]);
  });

  test('are not half there when a setting is wrong', () => {
    const wrong = [{ key: 'default_permissions.read', value: '(' }];
    const bytes: Uint8Array[] = [];

    expect(() => new RestartedNode(bytes, wrong)).toThrow('default_permissions: invalid regular expression');
    expect(bytes).toEqual([]);
  });
});

function reached(vhost: ReturnType<RestartedNode['vhost']>, exchange: string, key: string): string[] {
  const bytes = new TextEncoder().encode(key);
  const region = { bytes, view: new DataView(bytes.buffer) };
  return vhost.routeTo(vhost.exchange(exchange), region, 0, bytes.length).queues.map(({ name }) => name);
}
