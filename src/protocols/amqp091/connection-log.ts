/**
 * What the operator reads about one connection, in RabbitMQ's words: those of 4.x where versions differ, without Erlang's
 * process ids, each event on one line.
 */

import type { Clock } from '../../base/clock.ts';
import type { BrokerError } from '../../core/errors.ts';
import type { LogLines } from '../../core/log-lines.ts';
import type { Peer } from '../session.ts';
import { findMethodName } from './methods.ts';

/** `127.0.0.1:51234 -> 127.0.0.1:5672`, by which listings and logs know a connection. */
export function connectionName(peer: Peer): string {
  const { remoteAddress, remotePort, localAddress, localPort } = peer;
  return `${endpoint(remoteAddress, remotePort)} -> ${endpoint(localAddress, localPort)}`;
}

/** What was refused, and where. */
export interface RefusedOperation {
  /** 0 is the connection itself. */
  readonly channel: number;
  /** 0 when no method is at fault. */
  readonly methodId: number;
  readonly error: BrokerError;
}

export class ConnectionLog {
  readonly openedAtMs: number;
  readonly #lines: LogLines;
  readonly #clock: Clock;
  #name: string;
  #user: string | undefined;
  #vhost: string | undefined;
  #isAccepted = false;
  #isClosingLogged = false;

  constructor(lines: LogLines, clock: Clock, name: string) {
    this.#lines = lines;
    this.#clock = clock;
    this.#name = name;
    this.openedAtMs = clock.now();
  }

  /** Something came. Who connects and says nothing is a health check and leaves no line, unless it fails. */
  accepting(): void {
    if (this.#isAccepted) return;
    this.#isAccepted = true;
    this.#lines.info(`accepting AMQP connection ${this.#name}`);
  }

  /** The client said what it calls itself. */
  named(clientName: string): void {
    const name = printable(clientName);
    this.#lines.info(`connection ${this.#name} has a client-provided name: ${name}`);
    this.#name = `${this.#name} - ${name}`;
  }

  authenticated(user: string): void {
    this.#user = printable(user);
  }

  opened(vhost: string): void {
    this.#vhost = printable(vhost);
    const granted = `user '${this.#user}' authenticated and granted access to vhost '${this.#vhost}'`;
    this.#lines.info(`connection ${this.#name}: ${granted}`);
  }

  secretUpdated(reason: string): void {
    this.#lines.info(`connection ${this.#name}: user '${this.#user}' updated secret, reason: ${printable(reason)}`);
  }

  loginRefused(reason: string): void {
    this.#lines.error(`Error on AMQP connection (${this.#name}, state: starting): ${printable(reason)}`);
  }

  /** The connection ends because of what was done, in this state of the handshake or when `running`. */
  error(state: string, { channel, methodId, error }: RefusedOperation): void {
    const explanation = explanationOf(error);
    if (state === 'running') {
      const what = `operation ${operation(methodId)} caused a connection exception`;
      this.#lines.error(
        `Error on AMQP connection (${this.#about()}, state: running), channel ${channel}: ` +
          `${what} ${error.reply.toLowerCase()}: ${quoted(explanation)}`,
      );
    } else if (error.reply === 'NOT_ALLOWED' && state === 'opening') {
      const about = `${this.#name}, user: '${this.#user}', state: opening`;
      this.#lines.error(`Error on AMQP connection (${about}): ${printable(explanation)}`);
    } else if (error.reply === 'NOT_ALLOWED' && state === 'tuning') {
      this.closingBecause(`failed to negotiate connection parameters: ${explanation}`);
    } else {
      const method = methodId === 0 ? 'none' : `'${operation(methodId)}'`;
      const what = `{amqp_error,${error.reply.toLowerCase()},${quoted(explanation)},${method}}`;
      this.closingBecause(`{handshake_error,${state},${channel},${what}}`);
    }
  }

  channelError({ channel, methodId, error }: RefusedOperation): void {
    const what = `operation ${operation(methodId)} caused a channel exception`;
    this.#lines.error(
      `Channel error on connection (${this.#about()}), channel ${channel}: ` +
        `${what} ${error.reply.toLowerCase()}: ${printable(explanationOf(error))}`,
    );
  }

  /** As was agreed on. Only the first line about the closing is written. */
  closing(): void {
    if (this.#isFirstAboutClosing()) this.#lines.info(this.#closingText(this.#about()));
  }

  closingUnexpectedly(): void {
    if (!this.#isAccepted || !this.#isFirstAboutClosing()) return;
    this.#lines.warning(`${this.#closingText(this.#about())}: client unexpectedly closed TCP connection`);
  }

  closingBecause(reason: string): void {
    if (!this.#isFirstAboutClosing()) return;
    this.accepting();
    this.#lines.error(`${this.#closingText(this.#name)}: ${printable(reason)}`);
  }

  #isFirstAboutClosing(): boolean {
    const isFirst = !this.#isClosingLogged;
    this.#isClosingLogged = true;
    return isFirst;
  }

  #closingText(about: string): string {
    return `closing AMQP connection (${about}, duration: '${duration(this.#clock.now() - this.openedAtMs)}')`;
  }

  #about(): string {
    if (this.#user === undefined) return this.#name;
    return `${this.#name}, vhost: '${this.#vhost ?? 'none'}', user: '${this.#user}'`;
  }
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function operation(methodId: number): string {
  return findMethodName(methodId)?.replaceAll('-', '_') ?? 'none';
}

/** The text without the name of its code. */
function explanationOf(error: BrokerError): string {
  return error.message.slice(`${error.reply} - `.length);
}

/** As Erlang prints a string. */
function quoted(text: string): string {
  return `"${printable(text.replace(/["\\]/g, '\\$&'))}"`;
}

/** Clients choose names: none of them begins a line of its own. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (unit) => `\\x${unit.charCodeAt(0).toString(16)}`);
}

const SECOND_MS = 1000;

/** `12ms`, `1s`, `2M, 5s`, `3H, 1M, 0s`, `1D, 0H, 0M, 1s`. */
function duration(ms: number): string {
  if (ms < SECOND_MS) return `${ms}ms`;
  const seconds = Math.floor(ms / SECOND_MS);
  const parts = [
    [Math.floor(seconds / 86_400), 'D'],
    [Math.floor(seconds / 3600) % 24, 'H'],
    [Math.floor(seconds / 60) % 60, 'M'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first)
    .map(([count, unit]) => `${count}${unit}`)
    .join(', ');
}
