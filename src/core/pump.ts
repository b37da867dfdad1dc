/**
 * The end of a turn: queues that something happened to hand out their messages, fairly; long work goes on in steps.
 *
 * A command never drains a queue: it marks the queue dirty here. `run` keeps to a budget, so that no turn is long.
 */

import { emptyList } from '../base/lists.ts';

/** What the pump needs of a queue. */
export interface DirtyQueue {
  /** On the pump's list; the pump alone sets it. */
  isDirty: boolean;
  /** Hands out up to `limit` messages. @returns how many; less than `limit` when nothing more can be done now. */
  drain(limit: number): number;
}

/** Work that is too much for one turn. */
export interface Task {
  /** Does about `budget` small steps (messages). @returns true when all is done. */
  step(budget: number): boolean;
}

/** Messages that one queue hands out before the next has its turn. */
const ROUND = 256;

export class Pump {
  #dirty: DirtyQueue[] = [];
  #next: DirtyQueue[] = [];
  readonly #tasks: Task[] = [];
  /** Messages handed out so far. */
  handedOut = 0;

  /** The queue may be able to hand out something. */
  mark(queue: DirtyQueue): void {
    if (queue.isDirty) return;
    queue.isDirty = true;
    this.#dirty.push(queue);
  }

  addTask(task: Task): void {
    this.#tasks.push(task);
  }

  get hasWork(): boolean {
    return this.#dirty.length > 0 || this.#tasks.length > 0;
  }

  /**
   * @param budget messages to hand out, and messages to move in tasks.
   * @returns true when work is left for the next turn.
   */
  run(budget: number): boolean {
    this.#runTasks(budget);
    let left = budget;
    while (left > 0 && this.#dirty.length > 0) left -= this.#round(left);
    return this.hasWork;
  }

  /** One round over all dirty queues. @returns the messages handed out, at least 1 so that the loop ends. */
  #round(budget: number): number {
    const queues = this.#dirty;
    this.#dirty = this.#next;
    let done = 0;
    let served = 0;
    for (const queue of queues) {
      const limit = Math.min(ROUND, budget - done);
      if (limit <= 0) break;
      served++;
      queue.isDirty = false;
      const delivered = queue.drain(limit);
      done += delivered;
      if (delivered === limit) this.mark(queue);
    }
    // Those that had no turn come first in the next one.
    if (served < queues.length) this.#dirty = [...queues.slice(served), ...this.#dirty];
    emptyList(queues);
    this.#next = queues;
    this.handedOut += done;
    return Math.max(done, 1);
  }

  #runTasks(budget: number): void {
    const tasks = this.#tasks;
    if (tasks.length === 0) return;
    const share = Math.ceil(budget / Math.max(1, tasks.length));
    let kept = 0;
    for (const task of tasks) if (!task.step(share)) tasks[kept++] = task;
    tasks.length = kept;
  }
}
