/**
 * Who are you, and which vhosts may you open: what protocols ask and `auth/` answers.
 */

/** Where a login comes from. */
export interface LoginOrigin {
  /** True when the socket's local address is a loopback one. */
  readonly isLoopback: boolean;
  readonly tls: boolean;
}

export type LoginResult =
  | { readonly kind: 'granted'; readonly user: string }
  /** `reason` is for the log only: a client never learns which part of its login was wrong. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Knows users by name and password. */
export interface Authenticator {
  /** @param mechanism the name that the client's way of logging in has, for the reason of a refusal */
  login(mechanism: string, user: string, password: Uint8Array, origin: LoginOrigin): LoginResult;
  /** True when the user has any permission in the vhost, which exists. */
  mayOpenVhost(user: string, vhost: string): boolean;
  /**
   * Takes a new secret of a user who is logged in. Absent where secrets do not expire: then any is as good as the old.
   * @returns false when it is refused
   */
  updateSecret?(user: string, secret: Uint8Array): boolean;
}

/** One way to log in of those that SASL has. */
export interface SaslMechanism {
  /** As announced to clients, e.g. `PLAIN`. */
  readonly name: string;
  /** @throws CodecError when the response is not one of this mechanism */
  login(response: Uint8Array, origin: LoginOrigin): LoginResult;
}
