/** What a checker throws: the broker did something that it must not do. */

export class SimFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SimFailure';
  }
}

/** The lazy text costs nothing when the condition holds. */
export function check(condition: boolean, say: () => string): asserts condition {
  if (!condition) throw new SimFailure(say());
}
