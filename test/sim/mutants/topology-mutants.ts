/** Brokers in which queues, exchanges and bindings stay when they should go, or are not seen when they change. */

import { EMPTY_TABLE } from '../../../src/base/field-table.ts';
import { Departure } from '../../../src/core/departure.ts';
import { Alternates } from '../../../src/core/exchange/alternates.ts';
import { BoundExchange } from '../../../src/core/exchange/bound-exchange.ts';
import { HeadersRouter } from '../../../src/core/exchange/headers.ts';
import { ClassicQueue } from '../../../src/core/queue/classic.ts';
import type { QueueOptions } from '../../../src/core/queue/queue.ts';
import { Route } from '../../../src/core/route.ts';
import { RouteSource } from '../../../src/core/route-source.ts';
import { Vhost } from '../../../src/core/vhost.ts';
import { Channel } from '../../../src/protocols/amqp091/channel.ts';
import { replaceGetter, replaceMethod, seldom } from '../../support/replaced-method.ts';
import type { Mutant } from './mutant.ts';

/** A misrouted message shows in what its queues hold, or in what they hand out. */
const MISROUTED =
  /was not routed to|instead of|left|was returned|get-ok said|were logged|did not get message|holds message|is older/;

export const TOPOLOGY_MUTANTS: readonly Mutant[] = [
  {
    name: 'an exclusive queue survives its connection',
    foundAs: /still there/,
    apply: () => replaceMethod(Departure.prototype, 'step', (step) => seldom(step, () => true, 3)),
  },
  {
    name: 'an exclusive queue can be used by others',
    foundAs: /not refused with 405/,
    apply: () =>
      replaceMethod(
        Vhost.prototype,
        'queue',
        (queue) =>
          function (this: Vhost, owner, name) {
            return this.findQueue(name) ?? queue.call(this, owner, name);
          },
      ),
  },
  {
    name: 'an auto-delete queue survives its last consumer',
    foundAs: /the queues are|instead of|was returned|unroutable/,
    apply: () =>
      replaceMethod(ClassicQueue.prototype, 'removeConsumer', (remove) => seldom(remove, keeping(remove), 5)),
  },
  {
    name: 'an auto-delete exchange survives its last binding',
    foundAs: /the exchanges are|not refused|was refused/,
    apply: () => replaceGetter(BoundExchange.prototype, 'isUnused', () => () => false),
  },
  {
    name: 'a binding survives what it leads to',
    foundAs: /is bound to|the exchanges are|instead of/,
    apply: () => replaceMethod(BoundExchange.prototype, 'unbindAll', (unbindAll) => seldom(unbindAll, () => [], 3)),
  },
  {
    name: 'an exchange does not notice that its alternate is declared',
    foundAs: MISROUTED,
    apply: () => replaceMethod(Alternates.prototype, 'added', (added) => seldom(added, () => undefined, 3)),
  },
  {
    name: 'stale route: bindings that come and go are not seen',
    foundAs: MISROUTED,
    apply: () => replaceGetter(Route.prototype, 'isStale', () => () => false),
  },
  {
    name: 'stale route: changes behind the first exchange are not seen',
    foundAs: MISROUTED,
    apply: () =>
      replaceGetter(
        Route.prototype,
        'isStale',
        (isStale) =>
          function (this: Route) {
            return this.exchange.epochCoversQueues ? this.epoch !== this.exchange.epoch : isStale(this);
          },
      ),
  },
  {
    name: 'a headers exchange does not look at the headers',
    foundAs: MISROUTED,
    apply: () =>
      replaceMethod(
        HeadersRouter.prototype,
        'route',
        (route) =>
          function (this: HeadersRouter<never>, key, _headers, into) {
            route.call(this, key, EMPTY_TABLE, into);
          },
      ),
  },
  {
    name: 'CC and BCC are not looked at',
    foundAs: MISROUTED,
    apply: () =>
      replaceMethod(
        RouteSource.prototype,
        'askFor',
        (askFor) =>
          function (this: RouteSource, route, _moreKeys, headers) {
            return askFor.call(this, route, [], headers);
          },
      ),
  },
  {
    name: 'declare-ok comes before the declaration is durable',
    foundAs: /-ok before all was durable/,
    apply: () =>
      replaceMethod(
        Channel.prototype,
        'answerWhenDurable',
        () =>
          function (this: Channel, _ticket, method) {
            this.answer(method);
          },
      ),
  },
];

/** As if the queue were none that goes with its last consumer. */
function keeping(remove: ClassicQueue['removeConsumer']): ClassicQueue['removeConsumer'] {
  return function (this: ClassicQueue, consumer) {
    const { options } = this;
    const changed = this as { options: QueueOptions };
    changed.options = { ...options, autoDelete: false };
    remove.call(this, consumer);
    changed.options = options;
  };
}
