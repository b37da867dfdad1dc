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

/** Puts another getter in the place of one. @returns how to put it back. */
export function replaceGetter<T extends object, K extends keyof T>(
  target: T,
  name: K,
  make: (original: (self: T) => T[K]) => (this: T) => T[K],
): () => void {
  const original = Object.getOwnPropertyDescriptor(target, name) ?? {};
  const get = make((self) => original.get?.call(self) as T[K]);
  Object.defineProperty(target, name, { configurable: true, get });
  return () => Object.defineProperty(target, name, original);
}

/** The bug shows once in so many calls. */
const SELDOM = 50;

/** Every so often the second function instead of the first. */
export function seldom<F extends (this: never, ...args: never[]) => unknown>(usual: F, odd: F, every = SELDOM): F {
  let calls = 0;
  const either = function (this: never, ...args: never[]): unknown {
    return ++calls % every === 0 ? odd.apply(this, args) : usual.apply(this, args);
  };
  return either as F;
}
