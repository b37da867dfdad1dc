/** What the program `leveret` prints and ends with, without a process. */

import { describe, expect, test } from 'vitest';
import type { Configuration } from '../server/config/configuration.ts';
import { ConfigurationError } from '../server/config/configuration.ts';
import { DataDirectoryError } from '../server/data-directory.ts';
import { ListenError } from '../server/listener.ts';
import type { ProgramIo } from './leveret-program.ts';
import { runLeveret } from './leveret-program.ts';

/** Runs the program until it stops, which it is told at once. */
async function run(commandLine: string, start?: ProgramIo['start']) {
  const printed: string[] = [];
  const errors: string[] = [];
  const started: Configuration[] = [];
  let stops = 0;
  const exitCode = await runLeveret(commandLine === '' ? [] : commandLine.split(' '), {
    print: (text) => void printed.push(text),
    printError: (text) => void errors.push(text),
    processId: 42,
    dataDir: 'leveret-data',
    stopped: Promise.resolve(),
    start:
      start ??
      (async ({ configuration }) => {
        started.push(configuration);
        const listeners = configuration.tcpListeners.map(({ address = '::', port }) => ({ address, port, tls: false }));
        const { dataDir, defaultUser: user, defaultPass: password } = configuration;
        const data = dataDir === '' ? {} : { dataDir: `/here/${dataDir}` };
        return { addresses: listeners, login: { user, password }, ...data, stop: async () => void stops++ };
      }),
  });
  return { exitCode, printed, errors, configuration: started[0], stops };
}

describe('leveret', () => {
  test('says what listens where, with which login, where the data lies and how to stop', async () => {
    const { printed, exitCode, stops } = await run('');

    expect(printed).toEqual([
      expect.stringMatching(/^Leveret \d+\.\d+\.\d+ is ready\.$/),
      '  Listens  AMQP 0-9-1 on port 5672, all addresses (IPv4 and IPv6)',
      '  Login    guest / guest, from this machine only',
      '  Data     /here/leveret-data',
      '  Stop     Ctrl-C, or SIGTERM to process 42',
      'Leveret has stopped.',
    ]);
    expect(exitCode).toBe(0);
    expect(stops).toBe(1);
  });

  test("never prints a password of the user's own", async () => {
    const { printed } = await run('--set default_user=alice --set default_pass=secret --set loopback_users=none');

    expect(printed).toContain('  Login    alice / (the password in default_pass)');
    expect(printed.join('\n')).not.toContain('secret');
  });

  test('names no login when the one of the settings does not work with the data directory', async () => {
    const broker = { addresses: [], login: undefined, stop: async () => {} };
    const restored = await run('', async () => ({ ...broker, dataDir: '/here/data' }));
    const blank = await run('--memory --set default_pass=', async () => broker);

    expect(restored.printed).toContain('  Login    users and passwords as in the data directory');
    expect(blank.printed).toContain('  Login    none with the settings of the default user');
  });

  test('says honestly what it does not do yet', async () => {
    const { printed } = await run('--management-port 15672');

    expect(printed).toContain('  Listens  management: not served yet');
  });

  test('prints its version and its help', async () => {
    const version = await run('--version');
    const help = await run('--help');

    expect(version).toMatchObject({ exitCode: 0, printed: [expect.stringMatching(/^\d+\.\d+\.\d+$/)] });
    expect(help.exitCode).toBe(0);
    expect(help.printed.join('\n')).toContain('  fsck ');
    for (const option of ['--port', '--bind', '--tls-port', '--management-port', '--data-dir', '--memory', '--set']) {
      expect(help.printed.join('\n')).toContain(`  ${option}`);
    }
  });
});

describe('the options', () => {
  test.each([
    ['--port 0', [{ address: '::', port: 0 }]],
    ['--bind 127.0.0.1', [{ address: '127.0.0.1', port: 5672 }]],
    ['--bind ::1 --port 5673', [{ address: '::1', port: 5673 }]],
    ['--set listeners.tcp.default=none', []],
    ['--port 5673 --set listeners.tcp.default=5674', [{ address: '::', port: 5673 }]],
  ])('%s sets where plain connections are accepted', async (commandLine, listeners) => {
    expect((await run(commandLine)).configuration?.tcpListeners).toEqual(listeners);
  });

  test('--tls-port adds a TLS listener on the same address', async () => {
    const { configuration } = await run('--bind 127.0.0.1 --tls-port 5671');

    expect(configuration?.tlsListeners).toEqual([{ address: '127.0.0.1', port: 5671 }]);
  });

  test('--set takes any setting, several times', async () => {
    const { configuration } = await run('--set heartbeat=7 --set channel_max=9 --memory');

    expect(configuration).toMatchObject({ heartbeat: 7, channelMax: 9 });
  });

  test.each([
    ['', 'leveret-data'],
    ['--data-dir data', 'data'],
    ['--set data_dir=data', 'data'],
    ['--data-dir data --set data_dir=other', 'data'],
    ['--memory', ''],
    ['--memory --set data_dir=data', ''],
  ])("'%s' keeps the data in '%s'", async (commandLine, dataDir) => {
    expect((await run(commandLine)).configuration?.dataDir).toBe(dataDir);
  });

  test('without a folder says that all is in memory', async () => {
    const { printed } = await run('--memory');

    expect(printed).toContain('  Data     in memory: queues and messages are gone when the broker stops');
  });
});

describe('leveret fsck', () => {
  test('has a help of its own, with its exit codes', async () => {
    const { printed, exitCode } = await run('fsck --help');

    expect(exitCode).toBe(0);
    for (const option of ['--repair', '--json', '<folder>', 'Exit codes: 0']) {
      expect(printed.join('\n')).toContain(option);
    }
  });

  test('starts no broker', async () => {
    const { exitCode, errors, configuration } = await run('fsck /nowhere/at/all');

    expect([exitCode, errors, configuration]).toEqual([
      1,
      ['leveret: there is no data directory /nowhere/at/all.'],
      undefined,
    ]);
  });
});

describe('a wrong command line', () => {
  test.each([
    [
      '--port many',
      "error: option '--port <number>' argument 'many' is invalid. Expected a whole number from 0 to 65535.",
    ],
    [
      '--port 70000',
      "error: option '--port <number>' argument '70000' is invalid. Expected a whole number from 0 to 65535.",
    ],
    ['--prot 1', "error: unknown option '--prot'\n(Did you mean --port?)"],
    ['extra', 'error: too many arguments. Expected 0 arguments but got 1.'],
    ['fsck', "error: missing required argument 'folder'"],
    ['fsck /data --prot', "error: unknown option '--prot'"],
    ['fsck /data more', "error: too many arguments for 'fsck'. Expected 1 argument but got 2."],
    ['fsck --memory /data', "error: unknown option '--memory'"],
    ['--memory --data-dir /data', "error: option '--memory' cannot be used with option '--data-dir <folder>'"],
    [
      '--data-dir=',
      "error: option '--data-dir <folder>' argument '' is invalid. Expected a folder. Use --memory to keep everything in memory.",
    ],
    [
      '--set heartbeat',
      "error: option '--set <key=value>' argument 'heartbeat' is invalid. 'heartbeat' is not a setting. Write it as key=value.",
    ],
    ['--set hartbeat=1', "leveret: unknown key 'hartbeat'. Did you mean heartbeat?"],
    [
      '--set heartbeat=often',
      "leveret: the value 'often' of heartbeat is wrong: expected a whole number from 0 to 65535",
    ],
  ])('%s is answered with what is wrong, and exit code 64', async (commandLine, message) => {
    const { exitCode, errors, printed } = await run(commandLine);

    expect(errors).toEqual([message]);
    expect(printed).toEqual([]);
    expect(exitCode).toBe(64);
  });
});

describe('a broker that cannot start', () => {
  test('is a clear line and exit code 1', async () => {
    const { exitCode, errors } = await run('', async () => {
      throw new ListenError('cannot listen on [::]:5672: the port is in use');
    });

    expect(errors).toEqual(['leveret: cannot listen on [::]:5672: the port is in use']);
    expect(exitCode).toBe(1);
  });

  test('for want of its data directory is a clear line and exit code 1', async () => {
    const { exitCode, errors } = await run('', async () => {
      throw new DataDirectoryError('the data directory /data is in use by process 7.');
    });

    expect(errors).toEqual(['leveret: the data directory /data is in use by process 7.']);
    expect(exitCode).toBe(1);
  });

  test('for want of a TLS certificate is exit code 64', async () => {
    const { exitCode, errors } = await run('', async () => {
      throw new ConfigurationError('TLS needs a certificate');
    });

    expect(errors).toEqual(['leveret: TLS needs a certificate']);
    expect(exitCode).toBe(64);
  });

  test('for a bug of ours is not hidden', async () => {
    const starting = run('', async () => {
      throw new TypeError('undefined is not a function');
    });

    await expect(starting).rejects.toThrow(TypeError);
  });
});
