/**
 * Throw-away certificates, made with `openssl` when a test needs them: an authority, one below it, and whoever they
 * sign for.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** PEM, with the intermediate ones behind it. */
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export class CertificateFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'leveret-certificates-'));
  #serial = 0;

  /** Signed by itself: an authority. */
  authority(name: string): Certificate {
    const files = this.#files(name);
    const request = [
      'req',
      '-x509',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-addext',
      'basicConstraints=critical,CA:TRUE',
    ];
    this.#openssl([...request, ...NEW_KEY, '-keyout', files.keyFile, '-out', files.certFile]);
    return read(files);
  }

  /** Signed by another one. @param options.isAuthority it may sign itself */
  signed(name: string, by: Certificate, options: { readonly isAuthority?: boolean } = {}): Certificate {
    const files = this.#files(name);
    const [request, extensions] = [join(this.path, `${name}.csr`), join(this.path, `${name}.ext`)];
    const constraint = `basicConstraints=critical,CA:${options.isAuthority === true ? 'TRUE' : 'FALSE'}\n`;
    writeFileSync(extensions, options.isAuthority === true ? constraint : `${constraint}subjectAltName=DNS:${name}\n`);
    this.#openssl(['req', '-subj', `/CN=${name}`, ...NEW_KEY, '-keyout', files.keyFile, '-out', request]);
    const signer = ['-CA', by.certFile, '-CAkey', by.keyFile, '-set_serial', String(++this.#serial)];
    this.#openssl([
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      request,
      ...signer,
      '-extfile',
      extensions,
      '-out',
      files.certFile,
    ]);
    return read(files);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  #files(name: string): { certFile: string; keyFile: string } {
    return { certFile: join(this.path, `${name}.crt`), keyFile: join(this.path, `${name}.key`) };
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function read(files: { readonly certFile: string; readonly keyFile: string }): Certificate {
  return { ...files, cert: readFileSync(files.certFile, 'utf8'), key: readFileSync(files.keyFile, 'utf8') };
}
