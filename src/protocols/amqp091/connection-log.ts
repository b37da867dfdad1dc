/**
 * What the operator reads about one connection, in RabbitMQ's words.
 */

import type { BrokerError } from '../../core/errors.ts';
import type { LogLines } from '../../core/log-lines.ts';
import type { Peer } from '../session.ts';
import { findMethodName } from './methods.ts';

/** `127.0.0.1:51234 -> 127.0.0.1:5672`, by which listings and logs know a connection. */
export function connectionName(peer: Peer): string {
  const { remoteAddress, remotePort, localAddress, localPort } = peer;
  return `${endpoint(remoteAddress, remotePort)} -> ${endpoint(localAddress, localPort)}`;
}

export class ConnectionLog {
  readonly #lines: LogLines;
  #name: string;
  #user: string | undefined;
  #vhost: string | undefined;
  #isClosingLogged = false;

  constructor(lines: LogLines, name: string) {
    this.#lines = lines;
    this.#name = name;
  }

  /** The client said what it calls itself. */
  named(clientName: string): void {
    this.#name = `${this.#name} - ${printable(clientName)}`;
  }

  accepting(): void {
    this.#lines.info(`accepting AMQP connection ${this.#name}`);
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

  /** The connection ends because of what was done on a channel; 0 is the connection itself. */
  error(state: string, channel: number, methodId: number, error: BrokerError): void {
    const what = `operation ${operation(methodId)} caused a connection exception ${described(error)}`;
    this.#lines.error(`Error on AMQP connection (${this.#about()}, state: ${state}), channel ${channel}: ${what}`);
  }

  channelError(channel: number, methodId: number, error: BrokerError): void {
    const what = `operation ${operation(methodId)} caused a channel exception ${described(error)}`;
    this.#lines.error(`Channel error on connection (${this.#about()}), channel ${channel}: ${what}`);
  }

  /** As was agreed on, after a time. Only the first line about the closing is written. */
  closing(durationMs: number): void {
    if (this.#isFirstAboutClosing()) this.#lines.info(this.#closingText(durationMs));
  }

  closingUnexpectedly(durationMs: number): void {
    if (!this.#isFirstAboutClosing()) return;
    this.#lines.warning(`${this.#closingText(durationMs)}: client unexpectedly closed TCP connection`);
  }

  closingBecause(reason: string, durationMs: number): void {
    if (this.#isFirstAboutClosing()) this.#lines.error(`${this.#closingText(durationMs)}: ${printable(reason)}`);
  }

  #isFirstAboutClosing(): boolean {
    const isFirst = !this.#isClosingLogged;
    this.#isClosingLogged = true;
    return isFirst;
  }

  #closingText(durationMs: number): string {
    return `closing AMQP connection (${this.#about()}, duration: '${duration(durationMs)}')`;
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

/** `not_found: no queue 'q' in vhost '/'`. */
function described(error: BrokerError): string {
  const explanation = error.message.slice(`${error.reply} - `.length);
  return printable(`${error.reply.toLowerCase()}: ${explanation}`);
}

/** Clients choose names: none of them begins a line of its own. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (unit) => `\\x${unit.charCodeAt(0).toString(16)}`);
}

const SECOND_MS = 1000;
const UNITS = [
  ['d', 24 * 60 * 60],
  ['h', 60 * 60],
  ['m', 60],
  ['s', 1],
] as const;

/** `12ms`, `1s`, `2m 5s`, `3h 1m`: the two largest units that are not 0. */
function duration(ms: number): string {
  if (ms < SECOND_MS) return `${ms}ms`;
  let seconds = Math.floor(ms / SECOND_MS);
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}
