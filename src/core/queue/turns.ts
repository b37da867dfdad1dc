/**
 * Whose turn is it? The consumers of one queue that can take a message, highest priority first, in turn within one
 * priority. Those that cannot (no credit, too much output waiting) stand aside until they are resumed.
 *
 * hot path: flat memory
 */

import type { QueueConsumer } from './queue.ts';

/** Consumers of one priority, as a circle; `first` is next. */
interface Circle {
  readonly priority: number;
  first: QueueConsumer | undefined;
}

export class Turns {
  /** Highest priority first; a circle stays when it is empty. Nearly always there is one. */
  readonly #circles: Circle[] = [];

  /** The consumer whose turn it is. It may turn out that it cannot take more: then `suspend` it and ask again. */
  get next(): QueueConsumer | undefined {
    const circles = this.#circles;
    for (let index = 0; index < circles.length; index++) {
      const first = circles[index]!.first;
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** Joins (again) as the last of its priority. Nothing happens when it is waiting for its turn already. */
  resume(consumer: QueueConsumer): void {
    if (consumer.nextInTurn !== undefined) return;
    const circle = this.#circleOf(consumer.priority);
    const first = circle.first;
    if (first === undefined) {
      consumer.nextInTurn = consumer;
      consumer.previousInTurn = consumer;
      circle.first = consumer;
      return;
    }
    const last = first.previousInTurn ?? first;
    consumer.nextInTurn = first;
    consumer.previousInTurn = last;
    last.nextInTurn = consumer;
    first.previousInTurn = consumer;
  }

  /** Stands aside. Nothing happens when it did already. */
  suspend(consumer: QueueConsumer): void {
    const next = consumer.nextInTurn;
    if (next === undefined) return;
    const circle = this.#circleOf(consumer.priority);
    if (next === consumer) circle.first = undefined;
    else {
      const previous = consumer.previousInTurn ?? consumer;
      previous.nextInTurn = next;
      next.previousInTurn = previous;
      if (circle.first === consumer) circle.first = next;
    }
    consumer.nextInTurn = undefined;
    consumer.previousInTurn = undefined;
  }

  /** It had its turn: the next of its priority comes first. */
  rotate(consumer: QueueConsumer): void {
    if (consumer.nextInTurn === undefined || consumer.nextInTurn === consumer) return;
    this.#circleOf(consumer.priority).first = consumer.nextInTurn;
  }

  /** All consumers have left: nothing is kept for the next. */
  clear(): void {
    this.#circles.length = 0;
  }

  #circleOf(priority: number): Circle {
    const circles = this.#circles;
    let index = 0;
    for (; index < circles.length; index++) {
      const circle = circles[index]!;
      if (circle.priority === priority) return circle;
      if (circle.priority < priority) break;
    }
    const circle: Circle = { priority, first: undefined };
    circles.splice(index, 0, circle);
    return circle;
  }
}
