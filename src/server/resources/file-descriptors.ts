/**
 * How many connections the operating system's limit of open files leaves room for. Near it new ones are refused: beyond
 * it nothing could be opened any more, the log's files included.
 */

import type { Admission } from '../admission.ts';
import { readSystemFile } from './system-file.ts';

/** For the log, its pages and what the process itself has open (RabbitMQ: file_handle_cache). */
const RESERVED = 100;
const SOCKET_SHARE = 0.9;
const RESERVED_SOCKETS = 2;
/** It is said again only after this share of the room was free. */
const CALM_SHARE = 0.95;

export class FileDescriptors implements Admission {
  /** Open files that the process may have; infinite where nothing says so. */
  readonly limit: number;
  /** Connections at most. */
  readonly socketsMax: number;
  /** Connections that there are, those included that have not finished a handshake. */
  socketsUsed = 0;
  /** Connections are refused, or were a moment ago. */
  isNearLimit = false;
  readonly #warn: (text: string) => void;

  /** @param limit open files that the process may have */
  constructor(limit: number, warn: (text: string) => void) {
    this.limit = limit;
    this.socketsMax = Math.max(1, Math.trunc((limit - RESERVED) * SOCKET_SHARE - RESERVED_SOCKETS));
    this.#warn = warn;
  }

  enter(): boolean {
    if (this.socketsUsed < this.socketsMax) {
      this.socketsUsed++;
      return true;
    }
    if (!this.isNearLimit) this.#warn(setText(this.socketsMax, this.limit));
    this.isNearLimit = true;
    return false;
  }

  leave(): void {
    this.socketsUsed--;
  }

  /** Called now and then. */
  tick(): void {
    if (!this.isNearLimit || this.socketsUsed > this.socketsMax * CALM_SHARE) return;
    this.isNearLimit = false;
    this.#warn('file descriptor limit alarm cleared');
  }
}

/** The soft limit of this process, as Linux shows it. */
export function openFilesLimit(limits = readSystemFile('/proc/self/limits')): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits ?? '') ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}

/** RabbitMQ's words. */
function setText(socketsMax: number, limit: number): string {
  const line = '*** New connections will not be accepted until this alarm clears ***';
  const stars = '*'.repeat(line.length);
  return `file descriptor limit alarm set. Connections:${socketsMax} open files allowed:${limit}.\n\n${stars}\n${line}\n${stars}`;
}
