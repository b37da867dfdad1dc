/** Where the TLS certificate comes from, and how clients are verified. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configure } from './config/configuration.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './tls.test-suite.ts';
import { tlsOptionsOf } from './tls-material.ts';

const settings = (values: Readonly<Record<string, string>>) =>
  configure(Object.entries(values).map(([key, value]) => ({ key: `ssl_options.${key}`, value })));

describe('TLS options', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'leveret-tls-'));
    writeFileSync(join(folder, 'cert.pem'), TEST_CERTIFICATE);
    writeFileSync(join(folder, 'key.pem'), TEST_KEY);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('come from the files that the settings name', () => {
    const certfile = join(folder, 'cert.pem');
    const options = tlsOptionsOf(settings({ certfile, keyfile: join(folder, 'key.pem'), cacertfile: certfile }));

    expect(options).toEqual({
      cert: TEST_CERTIFICATE,
      key: TEST_KEY,
      ca: TEST_CERTIFICATE,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      honorCipherOrder: true,
      verifyDepth: 10,
      handshakeTimeout: 5000,
      requestCert: false,
      rejectUnauthorized: false,
    });
  });

  test('come from what is given directly, when something is', () => {
    const given = { cert: new TextEncoder().encode(TEST_CERTIFICATE), key: TEST_KEY };

    expect(tlsOptionsOf(settings({}), given)).toMatchObject({ cert: TEST_CERTIFICATE, key: TEST_KEY });
  });

  test('ask for client certificates, and refuse clients without one, only when told so', () => {
    const given = { cert: TEST_CERTIFICATE, key: TEST_KEY };

    expect(tlsOptionsOf(settings({ verify: 'verify_peer' }), given)).toMatchObject({
      requestCert: true,
      rejectUnauthorized: false,
    });
    const strict = settings({ verify: 'verify_peer', fail_if_no_peer_cert: 'true' });
    expect(tlsOptionsOf(strict, given)).toMatchObject({ requestCert: true, rejectUnauthorized: true });
  });

  test('without a certificate say which settings are missing', () => {
    expect(() => tlsOptionsOf(settings({}))).toThrow(
      'TLS needs a certificate: set ssl_options.certfile and ssl_options.keyfile.',
    );
  });

  test('with a file that cannot be read name the setting and the reason', () => {
    const missing = join(folder, 'missing.pem');

    expect(() => tlsOptionsOf(settings({ certfile: missing, keyfile: missing }))).toThrow(
      `the file of ssl_options.certfile cannot be read: ENOENT: no such file or directory, open '${missing}'`,
    );
  });
});
