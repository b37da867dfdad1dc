/**
 * Do sockets have something to read one at a time? Then nothing is gained by waiting for the end of the event loop's round
 * before a turn ends, and asking for that end costs 12 us when the process has just been woken.
 *
 * The answer is what the last rounds were like. A turn that ends with its read cannot know whether another socket was
 * ready too, so now and then one waits and looks.
 */

/** So many rounds in a row with a single read, and the next read is taken for a lone one. */
const LONE_ROUNDS = 16;
/** Every so many turns one waits for the end of the round. */
const LOOK_EVERY = 16;

export class LoneReads {
  #reads = 0;
  #loneRounds = 0;
  #turnsUnseen = 0;

  /**
   * One more read in this turn.
   * @param mayHaveMore more of the same is likely to follow at once
   * @returns true when the turn may end now.
   */
  add(mayHaveMore: boolean): boolean {
    this.#reads++;
    return this.#reads === 1 && !mayHaveMore && this.#loneRounds >= LONE_ROUNDS && this.#turnsUnseen < LOOK_EVERY - 1;
  }

  /** @param isRoundSeen the turn waited for the end of its round */
  turnEnds(isRoundSeen: boolean): void {
    const reads = this.#reads;
    this.#reads = 0;
    if (!isRoundSeen) {
      this.#turnsUnseen++;
      return;
    }
    this.#turnsUnseen = 0;
    if (reads > 1) this.#loneRounds = 0;
    else if (reads === 1) this.#loneRounds++;
  }
}
