/** Debian's clients for Go and Ruby, as programs of their own; what they print is what they saw. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker, type TestBroker } from '../support/broker.ts';
import { runToEnd } from '../support/child-program.ts';
import { isAvailable } from '../support/requirement.ts';

const GO = '/usr/bin/go';
const GO_PATH = '/usr/share/gocode';
const GO_PROGRAM = fileURLToPath(new URL('programs/client.go', import.meta.url));
const RUBY = '/usr/bin/ruby';
const RUBY_PROGRAM = fileURLToPath(new URL('programs/bunny_client.rb', import.meta.url));

const hasGo = isAvailable("Debian's golang-go and golang-github-rabbitmq-amqp091-go-dev", [
  GO,
  `${GO_PATH}/src/github.com/rabbitmq/amqp091-go`,
]);
const hasRuby = isAvailable("Debian's ruby-bunny", [RUBY, '/usr/share/doc/ruby-bunny']);

let broker: TestBroker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => await broker?.stop());

describe.skipIf(!hasGo)('amqp091-go', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-go-'));
  const program = join(folder, 'client');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOFLAGS: '', GOCACHE: join(folder, 'cache') };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('publishes with confirms, consumes, is refused and commits', { timeout: 120_000 }, async () => {
    const built = await runToEnd(GO, ['build', '-o', program, GO_PROGRAM], { env });
    expect({ code: built.code, errors: built.errorLines }).toEqual({ code: 0, errors: [] });
    const { code, lines, errorLines } = await runToEnd(program, [broker.url]);
    expect({ code, lines, errorLines }).toEqual({
      code: 0,
      lines: [
        'returned 312 NO_ROUTE lost',
        'in order 50',
        "Exception (404) Reason: \"NOT_FOUND - no queue 'leveret.go.missing' in vhost '/'\"",
        '404',
        'committed 1',
        'closed true',
      ],
      errorLines: [],
    });
  });
});

describe.skipIf(!hasRuby)('bunny', () => {
  test('publishes with confirms, consumes, is refused and is answered', async () => {
    const { code, lines, errorLines } = await runToEnd(RUBY, [RUBY_PROGRAM, broker.url]);
    expect({ code, lines, errorLines }).toEqual({
      code: 0,
      lines: [
        'confirmed true',
        'returned 312 NO_ROUTE lost',
        'waiting 20',
        'seen once each true',
        "NOT_FOUND - no queue 'leveret.bunny.missing' in vhost '/'",
        'answered answer 7',
        'closed true',
      ],
      errorLines: [],
    });
  });
});
