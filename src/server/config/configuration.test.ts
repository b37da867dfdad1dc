/** What settings mean, and what a wrong one is answered with. */

import { describe, expect, test } from 'vitest';
import { ConfigurationError, configure, parseSetting } from './configuration.ts';
import { FAMILIES, OPTIONS } from './options.ts';

const configured = (...lines: string[]) => configure(lines.map(parseSetting));

describe('settings', () => {
  test('without any, the broker listens on 5672 and has the documented defaults', () => {
    const configuration = configured();

    expect(configuration.tcpListeners).toEqual([{ address: undefined, port: 5672 }]);
    expect(configuration.tlsListeners).toEqual([]);
    expect(configuration.frameMax).toBe(131_072);
    expect(configuration.maxMessageSize).toBe(134_217_728);
    expect(configuration.loopbackUsers).toEqual(['guest']);
  });

  test('are read by the type of their key', () => {
    const configuration = configured(
      'channel_max = 10',
      'ssl_options.fail_if_no_peer_cert = true',
      'default_user=alice',
      'default_pass=a=b',
      'consumer_max_per_channel = infinity',
    );

    expect(configuration.channelMax).toBe(10);
    expect(configuration.tlsRequiresClientCertificate).toBe(true);
    expect(configuration.defaultUser).toBe('alice');
    expect(configuration.defaultPass).toBe('a=b');
    expect(configuration.consumerMaxPerChannel).toBe(Number.POSITIVE_INFINITY);
  });

  test('the later one of a key counts', () => {
    expect(configured('heartbeat=10', 'heartbeat=20').heartbeat).toBe(20);
  });

  test.each([
    ['1048576', 1_048_576],
    ['64MB', 64_000_000],
    ['64mb', 64_000_000],
    ['64MiB', 67_108_864],
    ['64 MiB', 67_108_864],
    ['64M', 67_108_864],
    ['100kB', 100_000],
    ['100KiB', 102_400],
    ['1Gi', 1_073_741_824],
    ['2GB', 2_000_000_000],
  ])('the size %s is %i bytes', (text, bytes) => {
    expect(configured(`vm_memory_high_watermark.absolute=${text}`).memoryWatermarkAbsolute).toBe(bytes);
  });

  test('say what may be used of memory and disk, in RabbitMQ’s ways', () => {
    const defaults = configured();
    expect([defaults.memoryWatermarkRelative, defaults.memoryWatermarkAbsolute]).toEqual([0.6, undefined]);
    expect([defaults.diskFreeLimitAbsolute, defaults.diskFreeLimitRelative]).toEqual([undefined, undefined]);
    const configuration = configured(
      'vm_memory_high_watermark.relative = 0.4',
      'total_memory_available_override_value = 1TB',
      'disk_free_limit.absolute = 1GB',
      'disk_free_limit.relative = 1.5',
    );
    expect(configuration.memoryWatermarkRelative).toBe(0.4);
    expect(configuration.totalMemoryOverride).toBe(10 ** 12);
    expect(configuration.diskFreeLimitAbsolute).toBe(10 ** 9);
    expect(configuration.diskFreeLimitRelative).toBe(1.5);
  });

  test('loopback_users takes names or none', () => {
    expect(configured('loopback_users=none').loopbackUsers).toEqual([]);
    expect(configured('loopback_users = guest, admin').loopbackUsers).toEqual(['guest', 'admin']);
  });

  test('loopback_users takes users one by one, as rabbitmq.conf has them', () => {
    expect(configured('loopback_users.guest = false').loopbackUsers).toEqual([]);
    expect(configured('loopback_users.admin = true').loopbackUsers).toEqual(['admin']);
  });
});

describe('default_users', () => {
  test('are users with a password, tags, vhosts and permissions; what is not said has a default', () => {
    const { defaultUsers } = configured(
      'default_users.alice.password = secret',
      'default_users.bob.vhost_pattern = ^shop',
      'default_users.bob.tags = monitoring, x',
      'default_users.alice.write =',
      'default_users.a.b.read = ^a',
    );
    const defaults = { password: '', tags: [], vhostPattern: '.*', configure: '.*', write: '.*', read: '.*' };

    expect(defaultUsers).toEqual([
      { ...defaults, name: 'alice', password: 'secret', write: '' },
      { ...defaults, name: 'bob', vhostPattern: '^shop', tags: ['monitoring', 'x'] },
      { ...defaults, name: 'a.b', read: '^a' },
    ]);
  });
});

describe('listeners', () => {
  test.each([
    ['5673', { address: undefined, port: 5673 }],
    ['127.0.0.1:5673', { address: '127.0.0.1', port: 5673 }],
    ['::1:5673', { address: '::1', port: 5673 }],
    ['[::1]:5673', { address: '::1', port: 5673 }],
    ['localhost:0', { address: 'localhost', port: 0 }],
  ])('are given as %s', (text, address) => {
    expect(configured(`listeners.tcp.default=${text}`).tcpListeners).toEqual([address]);
  });

  test('may be several, and naming one replaces the default', () => {
    const { tcpListeners } = configured('listeners.tcp.local=127.0.0.1:5672', 'listeners.tcp.other=::1:5672');

    expect(tcpListeners).toEqual([
      { address: '127.0.0.1', port: 5672 },
      { address: '::1', port: 5672 },
    ]);
  });

  test('are turned off with none, one by one or all', () => {
    expect(configured('listeners.tcp.default=none').tcpListeners).toEqual([]);
    expect(configured('listeners.tcp=none').tcpListeners).toEqual([]);
  });
});

describe('a wrong setting', () => {
  test.each([
    ['channel_max=many', "the value 'many' of channel_max is wrong: expected a whole number from 0 to 65535"],
    ['frame_max=100', "the value '100' of frame_max is wrong: expected a whole number from 4096 to 2147483647"],
    ['heartbeat=-1', "the value '-1' of heartbeat is wrong: expected a whole number from 0 to 65535"],
    [
      'max_message_size=1 potato',
      "the value '1 potato' of max_message_size is wrong: expected a size from 1 to 536870912 bytes, such as 1048576, 64MB or 1GiB",
    ],
    [
      'ssl_options.verify=yes',
      "the value 'yes' of ssl_options.verify is wrong: expected one of verify_none, verify_peer",
    ],
    [
      'listeners.tcp.default=70000',
      "the value '70000' of listeners.tcp.default is wrong: expected a port, or an address and a port, such as 5672, 127.0.0.1:5672 or [::1]:5672, or none",
    ],
    [
      'vm_memory_high_watermark.relative=60%',
      "the value '60%' of vm_memory_high_watermark.relative is wrong: expected a number from 0 to 1, such as 0.6",
    ],
    ['default_user=', "the value '' of default_user is wrong: expected a text that is not empty"],
    [
      'default_users.alice.pasword=x',
      "unknown key 'default_users.alice.pasword'. Write default_users.NAME.FIELD, where FIELD is one of password, tags, vhost_pattern, configure, write, read.",
    ],
    ['default_users.password=x', /^unknown key 'default_users.password'. Write default_users.NAME.FIELD/],
    [
      'default_users.alice.tags=a,,b',
      "the value 'a,,b' of default_users.alice.tags is wrong: expected names separated by commas",
    ],
    ['chanel_max=1', "unknown key 'chanel_max'. Did you mean channel_max?"],
    [
      'listeners.tcp=5672',
      "the value '5672' of listeners.tcp is wrong: expected none, or a name after the key, such as .default",
    ],
    ['listener.tcp.default=5672', "unknown key 'listener.tcp.default'. Did you mean listeners.tcp.default?"],
    ['something.else.entirely=1', "unknown key 'something.else.entirely'. See the guide for all keys."],
  ])('%s names key, value and remedy', (line, message) => {
    expect(() => configured(line)).toThrow(typeof message === 'string' ? new ConfigurationError(message) : message);
  });

  test.each(['no equals sign', '=value'])('%s is no setting at all', (line) => {
    expect(() => parseSetting(line)).toThrow(`'${line}' is not a setting. Write it as key=value.`);
  });
});

describe('the options table', () => {
  test.each([...Object.values(OPTIONS), ...Object.values(FAMILIES)].map((row) => [row.key, row.doc]))(
    '%s is documented',
    (_key, doc) => {
      expect(doc).toMatch(/^[A-Z].*\.$/);
    },
  );

  test('names each key once', () => {
    const keys = Object.values(OPTIONS).map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
