/** What an administrator does is a record in the log, and done when that is durable. */

import { describe, expect, test } from 'vitest';
import { AccessWorld } from '../../test/support/access-world.ts';
import { recordDefinitions } from '../../test/support/recorded-definitions.ts';
import { type DefinitionRecord, NO_METADATA } from '../core/definition-record.ts';
import type { Administration } from './administration.ts';

const HASH = 'oZHm3VrQGCQNsZ9Pyal8G7wlaG8xhyUSTnF/++wubnqznVzy';
const SHA256 = 'rabbit_password_hashing_sha256';
const ANN = { user: 'ann', vhost: '/' };
const PATTERNS = { configure: 'c', write: 'w', read: 'r' };
const TOPIC = { exchange: 'x', write: 'w', read: 'r' };
const NEW_PASSWORD = { hash: expect.stringMatching(/^.{48}$/), algorithm: SHA256 };

type Act = (administration: Administration) => Promise<void>;

function userSet(user: string, password: { hash: string; algorithm: string }, tags: string[] = []): DefinitionRecord {
  return { kind: 'user.set', user, password, tags };
}

const ACTS: readonly [string, Act, DefinitionRecord][] = [
  [
    'a new user',
    ({ users }) => users.add('bob', { password: 'secret', tags: ['t'] }),
    userSet('bob', NEW_PASSWORD, ['t']),
  ],
  [
    'a user known by a hash',
    ({ users }) => users.add('bob', { passwordHash: HASH }),
    userSet('bob', { hash: HASH, algorithm: SHA256 }),
  ],
  ['another password', ({ users }) => users.setPassword('ann', 'secret'), userSet('ann', NEW_PASSWORD)],
  [
    'another hash',
    ({ users }) => users.setPasswordHash('ann', HASH),
    userSet('ann', { hash: HASH, algorithm: SHA256 }),
  ],
  ['no password', ({ users }) => users.clearPassword('ann'), userSet('ann', { hash: '', algorithm: SHA256 })],
  ['other tags', ({ users }) => users.setTags('ann', ['a', 'b']), userSet('ann', NEW_PASSWORD, ['a', 'b'])],
  ['a deleted user', ({ users }) => users.delete('ann'), { kind: 'user.deleted', user: 'ann' }],
  [
    "a user's limits",
    ({ users }) => users.setLimits('ann', { connectionsMax: 0, channelsMax: -1 }),
    { kind: 'user-limits.set', user: 'ann', connectionsMax: 0, channelsMax: undefined },
  ],
  [
    "the end of a user's limits",
    ({ users }) => users.setLimits('ann', undefined),
    { kind: 'user-limits.set', user: 'ann', connectionsMax: undefined, channelsMax: undefined },
  ],
  [
    'a new vhost',
    ({ vhosts }) => vhosts.add('v', { description: 'd', tags: ['t'] }),
    { kind: 'vhost.added', vhost: 'v', metadata: { ...NO_METADATA, description: 'd', tags: ['t'] } },
  ],
  ['a deleted vhost', ({ vhosts }) => vhosts.delete('/'), { kind: 'vhost.deleted', vhost: '/' }],
  [
    "a vhost's limit",
    ({ vhosts }) => vhosts.setLimits('/', { connectionsMax: 5 }),
    { kind: 'vhost-limits.set', vhost: '/', connectionsMax: 5, queuesMax: undefined },
  ],
  [
    'permissions',
    ({ permissions }) => permissions.set({ ...ANN, ...PATTERNS }),
    { kind: 'permission.set', ...ANN, ...PATTERNS },
  ],
  ['the end of permissions', ({ permissions }) => permissions.clear(ANN), { kind: 'permission.cleared', ...ANN }],
  [
    'topic permissions',
    ({ topicPermissions }) => topicPermissions.set({ ...ANN, ...TOPIC }),
    { kind: 'topic-permission.set', ...ANN, ...TOPIC },
  ],
  [
    'the end of topic permissions',
    ({ topicPermissions }) => topicPermissions.clear({ ...ANN, exchange: 'x' }),
    { kind: 'topic-permission.cleared', ...ANN, exchange: 'x' },
  ],
  [
    'the end of all topic permissions',
    ({ topicPermissions }) => topicPermissions.clear(ANN),
    { kind: 'topic-permission.cleared', ...ANN, exchange: undefined },
  ],
];

/** A promise that somebody else resolves, and what it is given for. */
class HeldTicket {
  readonly asked: number[] = [];
  resolve: () => void = () => {};
  readonly #promise = new Promise<void>((resolve) => {
    this.resolve = resolve;
  });

  hold(world: AccessWorld): void {
    world.durability.whenDurable = (ticket) => {
      this.asked.push(ticket);
      return this.#promise;
    };
  }
}

describe('what an administrator does', () => {
  test.each(ACTS)('%s: one record, and the promise resolves when that is durable', async (_what, act, record) => {
    const world = new AccessWorld();
    await world.addUser('ann');
    const records = recordDefinitions(world.world.log);
    const ticket = new HeldTicket();
    ticket.hold(world);
    let isDone = false;
    const done = act(world.administration).then(() => {
      isDone = true;
    });
    await new Promise(setImmediate);

    expect([records, ticket.asked, isDone]).toEqual([[record], [world.world.log.appended], false]);
    ticket.resolve();
    await done;
  });

  test('a vhost that is added twice has one record, for which both promises wait', async () => {
    const world = new AccessWorld();
    const records = recordDefinitions(world.world.log);
    const ticket = new HeldTicket();
    ticket.hold(world);
    const both = [world.administration.vhosts.add('v'), world.administration.vhosts.add('v')];
    const { appended } = world.world.log;

    expect([records.length, ticket.asked]).toEqual([1, [appended, appended]]);
    ticket.resolve();
    await Promise.all(both);
  });

  test.each<[string, Act, string]>([
    ['who is not there', ({ users }) => users.setPassword('bob', 'x'), 'User "bob" does not exist'],
    [
      'a pattern that is none',
      ({ permissions }) => permissions.set({ ...ANN, ...PATTERNS, read: '(' }),
      'invalid regular',
    ],
    ['limits for who is not there', ({ users }) => users.setLimits('bob', {}), 'User "bob" does not exist'],
    ['half a connection', ({ users }) => users.setLimits('ann', { connectionsMax: 0.5 }), "for none, not '0.5'"],
    ['endless channels', ({ users }) => users.setLimits('ann', { channelsMax: Infinity }), "not 'Infinity'"],
    ['minus two', ({ vhosts }) => vhosts.setLimits('/', { connectionsMax: -2 }), "for none, not '-2'"],
  ])('%s: refused without a record', async (_what, act, text) => {
    const world = new AccessWorld();
    await world.addUser('ann');
    const records = recordDefinitions(world.world.log);

    await expect(act(world.administration)).rejects.toThrow(text);
    expect(records).toEqual([]);
  });
});
