// Events: the events of the ledger's log, and their way to consumers, through a broker of either kind.
export { BrokerUnavailable, deliveriesMax } from './broker.ts';
export type { Broker, Consumer, DeadLetter, DeadLetters, Delivery, Handler, Place, Verdict } from './broker.ts';
export { openBuiltIn } from './built-in/broker.ts';
export type { BuiltInOptions } from './built-in/broker.ts';
export { catalogue, isEventType } from './catalogue.ts';
export { openPostingNotifier, notifyingOnCommit } from './notifier.ts';
export type { PostingNotifier, PostingNotifierOptions } from './notifier.ts';
export { envelopeOf } from './envelope.ts';
export { LogTail } from './tail.ts';
export type { Audience, Subscription, TailOptions } from './tail.ts';
export { asyncApiDocument, eventsExchange, operationsExchange } from './asyncapi.ts';
export { openBroker, openDeadLetters } from './open.ts';
export type { BrokerOptions, OpenedDeadLetters } from './open.ts';
