/**
 * Where lines for the operator go. Whoever knows the event passes the text, RabbitMQ's where it has one.
 */

export interface LogLines {
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
}
