/**
 * The conversation before a connection may be used: start-ok, tune-ok, open, in this order. Says what to answer and
 * keeps what was agreed on; writes nothing itself.
 */

import { unreachable } from '../../base/assert.ts';
import type { Authenticator, LoginOrigin, SaslMechanism } from '../../core/authentication.ts';
import { type BrokerError, refusal } from '../../core/errors.ts';
import type { OpenConnections } from '../../core/open-connections.ts';
import type { Vhost } from '../../core/vhost.ts';
import { type ClientCapabilities, clientCapabilities, NO_CAPABILITIES } from './capabilities.ts';
import type { ConnectionStartOk } from './methods/connection.ts';
import type { Method } from './methods.ts';
import { checkTuning, type Tuning } from './tuning.ts';

export interface HandshakeOptions {
  readonly mechanisms: readonly SaslMechanism[];
  readonly authenticator: Pick<Authenticator, 'mayOpenVhost'>;
  readonly broker: { findVhost(name: string): Vhost | undefined; readonly connections: OpenConnections };
  readonly tuning: Tuning;
}

export class Handshake {
  /** Named as RabbitMQ's texts have it; `running` when the conversation is over. */
  state: 'starting' | 'tuning' | 'opening' | 'running' = 'starting';
  capabilities: ClientCapabilities = NO_CAPABILITIES;
  user = '';
  /** What holds: offered first, then as the client took it. */
  tuning: Tuning;
  vhost: Vhost | undefined;
  /** Why a login was refused, for the log only. */
  refusalReason: string | undefined;

  readonly #options: HandshakeOptions;
  readonly #origin: LoginOrigin;

  constructor(options: HandshakeOptions, origin: LoginOrigin) {
    this.#options = options;
    this.#origin = origin;
    this.tuning = options.tuning;
  }

  /**
   * Takes the client's next method.
   * @returns the answer to it, if there is one.
   * @throws BrokerError when it is refused, or not the one that is due; CodecError when a response makes no sense.
   */
  handle(method: Method): Method | undefined {
    switch (this.state) {
      case 'starting':
        if (method.name === 'connection.start-ok') return this.#start(method);
        break;
      case 'tuning':
        if (method.name === 'connection.tune-ok') return this.#tune(method);
        break;
      case 'opening':
        if (method.name === 'connection.open') return this.#open(method.virtualHost);
        break;
      case 'running':
        break;
      default:
        unreachable(this.state);
    }
    throw unexpectedMethod(this.state);
  }

  #start(method: ConnectionStartOk): Method {
    this.capabilities = clientCapabilities(method.clientProperties);
    const mechanism = this.#options.mechanisms.find(({ name }) => name === method.mechanism);
    if (mechanism === undefined) {
      throw refusal.commandInvalid(`unknown authentication mechanism '${method.mechanism}'`);
    }
    const login = mechanism.login(method.response, this.#origin);
    if (login.kind === 'refused') {
      this.refusalReason = login.reason;
      throw refusal.loginRefused(mechanism.name);
    }
    this.user = login.user;
    this.state = 'tuning';
    const { channelMax, frameMax, heartbeat } = this.#options.tuning;
    return { name: 'connection.tune', channelMax, frameMax, heartbeat };
  }

  #tune({ channelMax, frameMax, heartbeat }: Tuning): undefined {
    const taken = { channelMax, frameMax, heartbeat };
    checkTuning(this.#options.tuning, taken);
    this.tuning = taken;
    this.state = 'opening';
  }

  #open(name: string): Method {
    const vhost = this.#options.broker.findVhost(name);
    if (vhost === undefined) throw refusal.vhostNotFound(name);
    this.#options.broker.connections.assertMayOpen(this.user, name);
    if (!this.#options.authenticator.mayOpenVhost(this.user, name)) throw refusal.vhostRefused(name, this.user);
    this.vhost = vhost;
    this.state = 'running';
    return { name: 'connection.open-ok' };
  }
}

/** A method that may not come in this state of the conversation. */
export function unexpectedMethod(state: Handshake['state']): BrokerError {
  return refusal.channelError(`unexpected method in connection state ${state}`);
}
