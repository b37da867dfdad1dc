/** Puts other methods in the place of those that there are, for tests that need a program with a bug. */

type Methods<T> = { [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T];

/** Puts another method in the place of one. @returns how to put it back. */
export function replaceMethod<T extends object, K extends Methods<T>>(
  target: T,
  name: K,
  make: (original: T[K]) => T[K],
): () => void {
  const original = target[name];
  target[name] = make(original);
  return () => {
    target[name] = original;
  };
}

/** The second function instead of the first, once in so many calls. */
export function seldom<F extends (this: never, ...args: never[]) => unknown>(odds: number, usual: F, odd: F): F {
  let calls = 0;
  const either = function (this: never, ...args: never[]): unknown {
    return ++calls % odds === 0 ? odd.apply(this, args) : usual.apply(this, args);
  };
  return either as F;
}
