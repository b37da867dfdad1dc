/** How many connections and channels there may be. */

import { describe, expect, test } from 'vitest';
import { type OpenConnection, OpenConnections } from './open-connections.ts';

function connection(user: string, vhost = '/'): OpenConnection {
  return { user, vhost, channelCount: 0, close: () => {}, alarmsChanged: () => {}, permissionsChanged: () => {} };
}

describe('connections', () => {
  test('are limited per node', () => {
    const connections = new OpenConnections({ nodeName: 'rabbit@here', connectionsMax: 1, channelsMax: 9 });
    const first = connection('a');
    connections.assertMayOpen('a', '/');
    connections.add(first);
    expect(() => connections.assertMayOpen('b', 'v')).toThrow(
      'NOT_ALLOWED - connection refused: node connection limit (1) is reached',
    );
    connections.remove(first);
    connections.assertMayOpen('b', 'v');
    expect(connections.count).toBe(0);
  });

  test('are limited per vhost, where 0 lets nobody in', () => {
    const connections = new OpenConnections();
    connections.limitVhost('v', 0);
    connections.assertMayOpen('a', '/');
    expect(() => connections.assertMayOpen('a', 'v')).toThrow(
      "NOT_ALLOWED - access to vhost 'v' refused for user 'a': connection limit (0) is reached",
    );
    connections.limitVhost('v', undefined);
    connections.assertMayOpen('a', 'v');
  });

  test('are limited per user, over all vhosts', () => {
    const connections = new OpenConnections();
    connections.limitUser('a', { connectionsMax: 2 });
    connections.add(connection('a', '/'));
    connections.add(connection('a', 'v'));
    connections.assertMayOpen('b', 'v');
    expect(() => connections.assertMayOpen('a', 'w')).toThrow(
      "NOT_ALLOWED - connection refused for user 'a': user connection limit (2) is reached",
    );
  });
});

describe('channels', () => {
  test('are limited per node', () => {
    const connections = new OpenConnections({ nodeName: 'rabbit@here', connectionsMax: 9, channelsMax: 1 });
    connections.addChannel('a');
    expect(() => connections.addChannel('b')).toThrow(
      "NOT_ALLOWED - number of channels opened on node 'rabbit@here' has reached the maximum allowed limit of (1)",
    );
    connections.removeChannels('a', 1);
    connections.addChannel('b');
    expect(connections.channelCount).toBe(1);
  });

  test('are limited per user', () => {
    const connections = new OpenConnections();
    connections.limitUser('a', { channelsMax: 2 });
    connections.addChannel('a');
    connections.addChannel('a');
    connections.addChannel('b');
    expect(() => connections.addChannel('a')).toThrow(
      "NOT_ALLOWED - number of channels opened for user 'a' has reached the maximum allowed user limit of (2)",
    );
  });
});
