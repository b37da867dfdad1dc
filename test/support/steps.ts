/** Model-based tests with fast-check: random steps, each of which does the same to the real thing and to a simple model. */

import fc from 'fast-check';

export type Step<World extends object> = fc.Command<World, World>;

/** A step by name, with its arguments for the message when it fails; the world holds the model and the real thing. */
export function step<World extends object>(name: string, run: (world: World) => void): Step<World> {
  return { check: () => true, run: (world) => run(world), toString: () => name };
}

export interface StepsOptions<World extends object> {
  readonly world: () => World;
  readonly steps: readonly fc.Arbitrary<Step<World>>[];
  /** Holds after every sequence of steps. */
  readonly finally: (world: World) => void;
  readonly runs: number;
  readonly stepsMax: number;
}

export function checkSteps<World extends object>(options: StepsOptions<World>): void {
  const sequences = fc.commands([...options.steps], { maxCommands: options.stepsMax, size: 'max' });
  fc.assert(
    fc.property(sequences, (sequence) => {
      const world = options.world();
      fc.modelRun(() => ({ model: world, real: world }), sequence);
      options.finally(world);
    }),
    { numRuns: options.runs },
  );
}
