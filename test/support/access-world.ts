/**
 * A broker with users, vhosts and permissions, whose connections have real channels: to see what a user may do.
 */

import { Administration } from '../../src/auth/administration.ts';
import { passwordMechanisms } from '../../src/auth/sasl.ts';
import type { Ticket } from '../../src/core/ports.ts';
import { Channel } from '../../src/protocols/amqp091/channel.ts';
import type { Method } from '../../src/protocols/amqp091/methods.ts';
import { MemoryLog } from '../../src/storage/memory/memory-log.ts';
import { method, open, openChannel, PROTOCOL_HEADER, startOk, TestConnection, tuneOk } from './amqp-connection.ts';
import { type CoreBroker, coreBroker } from './core-broker.ts';
import { type GuestLogin, guestLogin } from './guest-login.ts';

export class AccessWorld {
  readonly world: CoreBroker;
  readonly administration: Administration;
  /** What was logged, but for the lines of connections. */
  readonly lines: string[] = [];
  /** What the administration waits for; by default nothing. */
  readonly durability = { whenDurable: async (_ticket: Ticket): Promise<void> => {} };
  readonly #login: GuestLogin;

  constructor() {
    const log = new MemoryLog();
    this.#login = guestLogin(log);
    const { users, permissions } = this.#login;
    this.world = coreBroker({ permissions, log });
    const note = (text: string): void => void this.lines.push(text);
    const logLines = { info: note, warning: note, error: note };
    const { broker } = this.world;
    this.administration = new Administration({ users, permissions, broker, logLines, durability: this.durability });
  }

  /** A user whose password is the name, with permissions in `/`. */
  async addUser(name: string, configure = '.*', write = '.*', read = '.*'): Promise<void> {
    await this.administration.users.add(name, { password: name });
    await this.administration.permissions.set({ user: name, configure, write, read });
  }

  /** A connection that has not said anything. */
  connection(): TestConnection {
    const { authenticator } = this.#login;
    const mechanisms = passwordMechanisms(authenticator);
    const amqp = {
      authenticator,
      mechanisms,
      openChannel: (...args: ConstructorParameters<typeof Channel>) => new Channel(...args),
    };
    return new TestConnection({ world: this.world, amqp });
  }

  /** Logs in and opens a vhost. @returns the connection and what the server said last. */
  connect(user: string, vhost = '/', password = user): { connection: TestConnection; said: string | undefined } {
    const connection = this.connection();
    const response = `\0${user}\0${password}`;
    const said = connection.send(PROTOCOL_HEADER, startOk({ response }), tuneOk(), open(vhost));
    return { connection, said: said.at(-1) };
  }

  /** What the server says to a method on a new channel of a new connection of this user. */
  ask(user: string, asked: Method): string | undefined {
    const { connection } = this.connect(user);
    return say(connection, 1, asked);
  }
}

/** What the server says to a method on a new channel. */
export function say(connection: TestConnection, channel: number, asked: Method): string | undefined {
  connection.send(openChannel(channel));
  return connection.send(method(channel, asked)).at(-1);
}
