/**
 * The login that a client may be told: the default user's, but only while it works. A data directory may hold a default
 * user with another password, or none.
 */

import type { Authenticator } from '../core/authentication.ts';

/** Name and password. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface DefaultLoginOptions {
  readonly defaultUser: string;
  readonly defaultPass: string;
  readonly defaultVhost: string;
}

/** @returns undefined when nobody could open the default vhost with the configured name and password */
export function findDefaultLogin(
  { defaultUser: user, defaultPass: password, defaultVhost }: DefaultLoginOptions,
  authenticator: Authenticator,
): Login | undefined {
  const { kind } = authenticator.login('PLAIN', user, new TextEncoder().encode(password), FROM_THIS_MACHINE);
  return kind === 'granted' && authenticator.mayOpenVhost(user, defaultVhost) ? { user, password } : undefined;
}

/** From where most may log in. */
const FROM_THIS_MACHINE = { isLoopback: true, tls: false };
