/** What the first seed says that finds a mutant. */

/** A bug that is put into a program, and taken out again. */
export interface AppliedMutant<World> {
  /** @returns how to make everything whole again. */
  readonly apply: (world: World) => () => void;
  /** A seed that is known to find it, to begin with; the first unless given. */
  readonly from?: number;
}

/** @param run goes through one seed; `change` is to be called with its world */
export function firstFinding<World>(
  mutant: AppliedMutant<World>,
  seedsMax: number,
  run: (seed: number, change: (world: World) => void) => void,
): string {
  const { from = 1 } = mutant;
  for (let seed = from; seed < from + seedsMax; seed++) {
    let restore = (): void => undefined;
    try {
      run(seed, (world) => {
        restore = mutant.apply(world);
      });
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      restore();
    }
  }
  return `nothing in ${seedsMax} seeds`;
}
