/**
 * What an administrator cannot do, in the words that `rabbitmqctl` uses.
 */

/** `notFound` and `exists`: a user or vhost is missing, or there is one already. `invalid`: a name or value is wrong. */
export type AdministrationProblem = 'notFound' | 'exists' | 'invalid';

export class AdministrationError extends Error {
  override readonly name = 'AdministrationError';
  readonly problem: AdministrationProblem;

  constructor(problem: AdministrationProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}
