/** How the files of commands write down what a method does to the model. */

import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import type { ModelChannel } from './channel.ts';
import type { Model } from './model.ts';

/** @returns the reply code with which the broker must refuse the method, or 0; then the answer is noted as owed. */
export type Rule<M extends Method = Method> = (model: Model, channel: ModelChannel, method: M) => number;

export type Rules = { readonly [N in Method['name']]?: Rule<Extract<Method, { name: N }>> };
