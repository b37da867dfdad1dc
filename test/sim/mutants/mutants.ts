/**
 * Brokers with one bug each, made by changing the parts of a world at run time. The checkers must find every one of them:
 * they are the tests of the simulator itself.
 */

import { DELIVERY_MUTANTS } from './delivery-mutants.ts';
import type { Mutant } from './mutant.ts';
import { PUBLISHING_MUTANTS } from './publishing-mutants.ts';
import { REPLY_MUTANTS } from './reply-mutants.ts';
import { TOPOLOGY_MUTANTS } from './topology-mutants.ts';
import { TRANSACTION_MUTANTS } from './transaction-mutants.ts';
import { UNACKED_MUTANTS } from './unacked-mutants.ts';

export const MUTANTS: readonly Mutant[] = [
  ...DELIVERY_MUTANTS,
  ...PUBLISHING_MUTANTS,
  ...TRANSACTION_MUTANTS,
  ...REPLY_MUTANTS,
  ...TOPOLOGY_MUTANTS,
  ...UNACKED_MUTANTS,
];
