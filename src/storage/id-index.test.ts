/** Sets of ids by id, against the plainest way to keep them. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdIndex } from './id-index.ts';

test('every set holds what was added to it and not removed or taken since', () => {
  const ids = fc.nat(4);
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'remove', 'take'), ids, ids), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (sequence) => {
      const index = new IdIndex();
      const model = new Map<number, Set<number>>();
      for (const [step, of, id] of sequence) {
        const expected = model.get(of) ?? new Set<number>();
        model.set(of, expected);
        if (step === 'add') {
          index.add(of, id);
          expected.add(id);
        } else if (step === 'remove') {
          index.remove(of, id);
          expected.delete(id);
        } else {
          expect([...index.take(of)].sort()).toEqual([...expected].sort());
          model.delete(of);
        }
      }
      for (const [of, expected] of model) expect([...index.take(of)].sort()).toEqual([...expected].sort());
    }),
  );
});
