/**
 * The certificate and key of the TLS listeners, from files or given directly.
 */

import { readFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { ConfigurationError } from './config/configuration.ts';

/** Where the settings say that the files are; empty when not set. */
export interface TlsSettings {
  readonly tlsCertificateFile: string;
  readonly tlsKeyFile: string;
  readonly tlsCaFile: string;
  readonly tlsVerify: 'verify_none' | 'verify_peer';
  readonly tlsRequiresClientCertificate: boolean;
  /** In milliseconds. */
  readonly tlsHandshakeTimeout: number;
}

/** Certificate and key in PEM form. */
export interface TlsMaterial {
  /** The server's certificate, with the chain that leads to it. */
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** The authorities that client certificates are checked against. */
  readonly ca?: string | Uint8Array;
}

/**
 * What `node:tls` needs; what is given directly wins over files.
 *
 * @throws ConfigurationError when there is none, or a file cannot be read
 */
export function tlsOptionsOf(settings: TlsSettings, given?: TlsMaterial): TlsOptions {
  const { cert, key, ca } = given ?? materialFromFiles(settings);
  return {
    cert: asPem(cert),
    key: asPem(key),
    ...(ca === undefined ? {} : { ca: asPem(ca) }),
    handshakeTimeout: settings.tlsHandshakeTimeout,
    requestCert: settings.tlsVerify === 'verify_peer',
    rejectUnauthorized: settings.tlsVerify === 'verify_peer' && settings.tlsRequiresClientCertificate,
  };
}

function materialFromFiles(settings: TlsSettings): TlsMaterial {
  if (settings.tlsCertificateFile === '' || settings.tlsKeyFile === '') {
    throw new ConfigurationError('TLS needs a certificate: set ssl_options.certfile and ssl_options.keyfile.');
  }
  const cert = readPem('ssl_options.certfile', settings.tlsCertificateFile);
  const key = readPem('ssl_options.keyfile', settings.tlsKeyFile);
  if (settings.tlsCaFile === '') return { cert, key };
  return { cert, key, ca: readPem('ssl_options.cacertfile', settings.tlsCaFile) };
}

function readPem(settingKey: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`the file of ${settingKey} cannot be read: ${reason}`, { cause: error });
  }
}

function asPem(pem: string | Uint8Array): string {
  return typeof pem === 'string' ? pem : new TextDecoder().decode(pem);
}
