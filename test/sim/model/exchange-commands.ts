/** Declaring, deleting and binding exchanges. */

import { EMPTY_TABLE } from '../../../src/base/field-table.ts';
import type { Method } from '../../../src/protocols/amqp091/methods.ts';
import type { ModelChannel } from './channel.ts';
import type { ExchangeFacts, ModelBinding, ModelExchange } from './exchanges.ts';
import { textOf } from './field-text.ts';
import type { Model } from './model.ts';
import { ACCEPTED, ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED } from './reply-codes.ts';
import type { Rules } from './rules.ts';

export const EXCHANGE_RULES: Rules = {
  'exchange.declare': (model, channel, method) => {
    const present = model.exchanges.find(method.exchange);
    if (present === undefined && method.passive) return NOT_FOUND;
    const wanted = factsOf(method);
    if (present === undefined) model.exchanges.declare(wanted);
    else if (!method.passive && !isSame(present.facts, wanted)) return PRECONDITION_FAILED;
    return answer(channel, method, 'exchange.declare-ok');
  },

  'exchange.delete': (model, channel, method) => {
    if (method.exchange.startsWith('amq.')) return ACCESS_REFUSED;
    const exchange = model.exchanges.find(method.exchange);
    if (method.ifUnused && exchange !== undefined && exchange.bindings.length > 0) return PRECONDITION_FAILED;
    if (exchange !== undefined) model.exchanges.delete(exchange);
    return answer(channel, method, 'exchange.delete-ok');
  },

  'exchange.bind': (model, channel, method) => {
    if (method.source === '' || method.destination === '') return ACCESS_REFUSED;
    const ends = findEnds(model, method);
    if (ends === undefined) return NOT_FOUND;
    model.exchanges.bind(ends.source, ends.binding);
    return answer(channel, method, 'exchange.bind-ok');
  },

  'exchange.unbind': (model, channel, method) => {
    if (method.source === '' || method.destination === '') return ACCESS_REFUSED;
    const ends = findEnds(model, method);
    if (ends !== undefined) model.exchanges.unbind(ends.source, ends.binding);
    return answer(channel, method, 'exchange.unbind-ok');
  },
};

type ExchangeBind = Extract<Method, { name: 'exchange.bind' | 'exchange.unbind' }>;

function findEnds(
  model: Model,
  { source: sourceName, destination: destinationName, routingKey: key, arguments: bindingArguments }: ExchangeBind,
): { readonly source: ModelExchange; readonly binding: ModelBinding } | undefined {
  const source = model.exchanges.find(sourceName);
  const destination = model.exchanges.find(destinationName);
  if (source === undefined || destination === undefined) return undefined;
  return { source, binding: { destination, key, arguments: bindingArguments } };
}

function factsOf(method: Extract<Method, { name: 'exchange.declare' }>): ExchangeFacts {
  const { exchange: name, type, durable, autoDelete, internal, arguments: given = EMPTY_TABLE } = method;
  const alternate = given.get('alternate-exchange');
  return { name, type, durable, autoDelete, internal, alternate: alternate === undefined ? '' : textOf(alternate) };
}

function isSame(one: ExchangeFacts, other: ExchangeFacts): boolean {
  return (
    one.type === other.type &&
    one.durable === other.durable &&
    one.autoDelete === other.autoDelete &&
    one.internal === other.internal &&
    one.alternate === other.alternate
  );
}

function answer(channel: ModelChannel, { noWait }: { readonly noWait: boolean }, name: Method['name']): number {
  if (!noWait) channel.owe(name);
  return ACCEPTED;
}
