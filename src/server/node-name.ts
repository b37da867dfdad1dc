/**
 * The node's name, as RabbitMQ names a node: shown, and never part of a path.
 */

import { hostname } from 'node:os';

export function nodeName(): string {
  return `rabbit@${hostname()}`;
}
