/**
 * Whether a TLS client's certificate will do. Node checks the chain; what it does not offer is added here.
 */

import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';

export interface CertificateRules {
  /** Intermediate certificates at most, between the client's own and the authority's. */
  readonly depth: number;
}

/**
 * Node refuses either nobody or clients without a certificate as well: `verify_peer` alone lets the latter in.
 *
 * @returns why the client is refused; undefined when it is not
 */
export function refusedCertificate(socket: TLSSocket, { depth }: CertificateRules): string | undefined {
  const certificate = socket.getPeerCertificate(true);
  if (Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) return String(socket.authorizationError);
  const intermediates = intermediatesOf(certificate);
  if (intermediates <= depth) return undefined;
  return `${intermediates} intermediate certificates, and ssl_options.depth is ${depth}`;
}

/** Certificates between this one and the one that signed itself. */
function intermediatesOf(certificate: DetailedPeerCertificate): number {
  let count = 0;
  let issuer = certificate.issuerCertificate;
  while (issuer !== undefined && issuer.issuerCertificate !== issuer && issuer.issuerCertificate !== undefined) {
    count++;
    issuer = issuer.issuerCertificate;
  }
  return count;
}
