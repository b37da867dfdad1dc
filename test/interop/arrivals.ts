/** What a client hands to a callback (messages, say), to be awaited one after another. */

export class Arrivals<Value> {
  readonly #values: Value[] = [];
  #waiters: ((value: Value) => void)[] = [];

  /** How many came and were not yet taken. */
  get waiting(): number {
    return this.#values.length;
  }

  /** The callback. amqplib says by null that the consumer was cancelled, which no test here expects. */
  readonly push = (value: Value | null): void => {
    if (value === null) throw new Error('the consumer was cancelled');
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#values.push(value);
    else waiter(value);
  };

  /** The next one, at once or when it comes. */
  next(): Promise<Value> {
    const value = this.#values.shift();
    if (value !== undefined) return Promise.resolve(value);
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** The next `count`. */
  async take(count: number): Promise<Value[]> {
    const taken: Value[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }
}
