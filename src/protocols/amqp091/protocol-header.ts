/**
 * The first eight bytes of a connection, by which the client says what it speaks (specification §4.2.2).
 */

import { erlangBinary } from './frame-errors.ts';

const PROTOCOL_HEADER_BYTES = 8;

/** What this server speaks; also the answer to everything else. */
export const AMQP_0_9_1_HEADER: Uint8Array = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1);

/** Collects the header, however it is cut. */
export class HeaderCollector {
  readonly #bytes = new Uint8Array(PROTOCOL_HEADER_BYTES);
  #count = 0;

  /** @returns where in `[start, end)` the header ends, or `end`. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const headerEnd = Math.min(end, start + PROTOCOL_HEADER_BYTES - this.#count);
    this.#bytes.set(bytes.subarray(start, headerEnd), this.#count);
    this.#count += headerEnd - start;
    return headerEnd;
  }

  get isComplete(): boolean {
    return this.#count === PROTOCOL_HEADER_BYTES;
  }

  /** Undefined for AMQP 0-9-1 (and 0-9, which is treated the same); for anything else what it is, for the log. */
  get foreignProtocol(): string | undefined {
    return foreignProtocol(this.#bytes);
  }
}

const TLS_HANDSHAKE = 0x16;
const HTTP_METHOD = /^(GET|PUT|HEAD|POST|PATCH|DELETE|OPTIONS|CONNECT) /;
const ANOTHER_PORT = 'Ensure the client is connecting to the correct port.';

function foreignProtocol(header: Uint8Array): string | undefined {
  const text = String.fromCharCode(...header);
  if (text.startsWith('AMQP')) return foreignAmqp(header);
  if (header[0] === TLS_HANDSHAKE && header[1] === 3) {
    return `TLS client detected on non-TLS AMQP port. ${ANOTHER_PORT}`;
  }
  const [, httpMethod] = HTTP_METHOD.exec(text) ?? [];
  if (httpMethod !== undefined) return `HTTP ${httpMethod} request detected on AMQP port. ${ANOTHER_PORT}`;
  return `client did not start with AMQP protocol header: ${erlangBinary(header)}`;
}

function foreignAmqp(header: Uint8Array): string | undefined {
  const version = header.subarray(4).join(',');
  switch (version) {
    case '0,0,9,1':
    case '1,1,0,9':
      return undefined;
    case '0,1,0,0':
    case '3,1,0,0':
      return 'the client speaks AMQP 1.0, which is not supported yet';
    case '2,1,0,0':
      return 'the client speaks AMQP 1.0 over TLS, which is not supported yet';
    default:
      return `{bad_version,{${version}}}`;
  }
}
