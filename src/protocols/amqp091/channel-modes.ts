/**
 * Confirm mode and transactional mode of a channel: it is in one of them, or in none, and stays so.
 */

import { refusal } from '../../core/errors.ts';
import type { Unacked } from '../../core/queue/unacked.ts';
import { Transaction } from '../../core/transaction.ts';
import type { ChannelHost } from './channel-contract.ts';
import { Confirms } from './confirms.ts';
import type { Method } from './methods.ts';
import type { Publisher } from './publisher.ts';

/** What the modes need of their channel. */
export interface ModeChannel {
  readonly host: ChannelHost;
  readonly unacked: Unacked;
  readonly publisher: Publisher;
  answer(method: Method): void;
  /** Tries now and at the end of each turn, until `tryAnswer` is true; no input is taken before. */
  waitUntil(tryAnswer: () => boolean): void;
  /** As `waitUntil`, but a method that comes before is refused. */
  commitUntil(tryAnswer: () => boolean): void;
}

/** Every publish from now on is confirmed. Once more is no error. @throws BrokerError 406. */
export function selectConfirms({ host, publisher }: ModeChannel): void {
  if (publisher.transaction !== undefined) throw refusal.modeSwitch('tx', 'confirm');
  publisher.confirms ??= new Confirms(host.broker.log);
}

/** Publishes and settles are held until a commit. Once more is no error. @throws BrokerError 406. */
export function selectTransactions({ host, publisher, unacked }: ModeChannel): void {
  if (publisher.confirms !== undefined) throw refusal.modeSwitch('confirm', 'tx');
  publisher.transaction ??= new Transaction(host.vhost, host.broker.messages, unacked, host.broker.log);
}

/** Does what was held; commit-ok goes out when all of it is done and durable. @throws BrokerError 406. */
export function commit(channel: ModeChannel): void {
  const transaction = transactionOf(channel);
  const { log } = channel.host.broker;
  const { hasPublishes } = transaction;
  const appendedBefore = log.appended;
  const published = transaction.commit((message) => channel.publisher.returned(message));
  let ticket = log.appended === appendedBefore ? published : log.appended;
  const tryAnswer = () => {
    // Settles that go on in the pump append on.
    if (channel.unacked.isSettling) ticket = log.appended;
    if (channel.unacked.isSettling || log.durable < ticket) return false;
    channel.answer({ name: 'tx.commit-ok' });
    return true;
  };
  // RabbitMQ waits for the queues when there are messages for them, and takes no other method meanwhile.
  if (hasPublishes) channel.commitUntil(tryAnswer);
  else channel.waitUntil(tryAnswer);
}

/** @throws BrokerError 406. */
export function rollback(channel: ModeChannel): void {
  transactionOf(channel).rollback();
  channel.answer({ name: 'tx.rollback-ok' });
}

function transactionOf({ publisher }: ModeChannel): Transaction {
  if (publisher.transaction === undefined) throw refusal.notTransactional();
  return publisher.transaction;
}
