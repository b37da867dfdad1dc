/**
 * The certificate and key of the TLS listeners, from files or given directly, and how clients are checked.
 */

import { readFileSync } from 'node:fs';
import type { SecureContext, SecureVersion, TlsOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { ConfigurationError } from './config/configuration.ts';
import type { TlsVersion } from './config/options.ts';

/** Where the settings say that the files are; empty when not set. */
export interface TlsSettings {
  readonly tlsCertificateFile: string;
  readonly tlsKeyFile: string;
  readonly tlsCaFile: string;
  readonly tlsVerify: 'verify_none' | 'verify_peer';
  readonly tlsRequiresClientCertificate: boolean;
  readonly tlsDepth: number;
  readonly tlsVersions: readonly TlsVersion[];
  readonly tlsCiphers: readonly string[];
  readonly tlsHonorsCipherOrder: boolean;
  /** In milliseconds. */
  readonly tlsHandshakeTimeout: number;
}

/** A certificate and its key in PEM form. */
export interface TlsCertificate {
  /** The server's certificate, with the chain that leads to it. */
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** Certificate and key in PEM form. */
export interface TlsMaterial extends TlsCertificate {
  /** The authorities that client certificates are checked against. */
  readonly ca?: string | Uint8Array;
  /** Other certificates for clients that ask for a host by one of these names (SNI). */
  readonly hosts?: Readonly<Record<string, TlsCertificate>>;
}

/** What a TLS listener needs. */
export interface ListenerTls extends TlsOptions {
  /** Intermediate certificates of a client at most. */
  readonly verifyDepth?: number;
}

/**
 * What `node:tls` needs; what is given directly wins over files.
 *
 * @throws ConfigurationError when there is none, a file cannot be read, or certificate, key, versions or ciphers cannot
 * be used
 */
export function tlsOptionsOf(settings: TlsSettings, given?: TlsMaterial): ListenerTls {
  const { cert, key, ca, hosts = {} } = given ?? materialFromFiles(settings);
  const options: ListenerTls = {
    cert: asPem(cert),
    key: asPem(key),
    ...(ca === undefined ? {} : { ca: asPem(ca) }),
    ...versionRange(settings.tlsVersions),
    ...(settings.tlsCiphers.length === 0 ? {} : { ciphers: settings.tlsCiphers.join(':') }),
    honorCipherOrder: settings.tlsHonorsCipherOrder,
    handshakeTimeout: settings.tlsHandshakeTimeout,
    requestCert: settings.tlsVerify === 'verify_peer',
    rejectUnauthorized: settings.tlsVerify === 'verify_peer' && settings.tlsRequiresClientCertificate,
    verifyDepth: settings.tlsDepth,
  };
  usable(options);
  return Object.keys(hosts).length === 0 ? options : { ...options, SNICallback: certificatesByName(options, hosts) };
}

const VERSIONS: readonly TlsVersion[] = ['tlsv1', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'];

/** All versions from the lowest to the highest. */
function versionRange(wanted: readonly TlsVersion[]): { minVersion: SecureVersion; maxVersion: SecureVersion } {
  const known = VERSIONS.filter((version) => wanted.includes(version));
  const [lowest] = known;
  const highest = known.at(-1);
  if (lowest === undefined || highest === undefined) {
    throw new ConfigurationError('TLS needs a version: set ssl_options.versions.1 = tlsv1.3, or leave it out.');
  }
  return { minVersion: nodeName(lowest), maxVersion: nodeName(highest) };
}

const NODE_NAMES = { tlsv1: 'TLSv1', 'tlsv1.1': 'TLSv1.1', 'tlsv1.2': 'TLSv1.2', 'tlsv1.3': 'TLSv1.3' } as const;

function nodeName(version: TlsVersion): SecureVersion {
  return NODE_NAMES[version];
}

function certificatesByName(
  options: TlsOptions,
  hosts: Readonly<Record<string, TlsCertificate>>,
): NonNullable<TlsOptions['SNICallback']> {
  const contexts = new Map<string, SecureContext>();
  for (const [name, { cert, key }] of Object.entries(hosts)) {
    contexts.set(name.toLowerCase(), usable({ ...options, cert: asPem(cert), key: asPem(key) }));
  }
  // Without a context the listener's own certificate is shown.
  return (name, callback) => callback(null, contexts.get(name.toLowerCase()));
}

function usable(options: TlsOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`certificate, key, versions or ciphers of TLS cannot be used: ${reason}`, {
      cause: error,
    });
  }
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
