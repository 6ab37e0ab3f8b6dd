// A consumer of Coffer's events on RabbitMQ: prints every withdrawal. Coffer publishes to the exchange "wallet.events" when RABBITMQ_URL is set.
// An event may be delivered twice, so the consumer remembers what it has handled. It runs until SIGTERM.
// RABBITMQ_URL=amqp://… npm run example examples/consumer.ts
import { Connection } from 'rabbitmq-client';

type Withdrawn = { id: string; time: string; subject: string; data: { amount: string; asset: number } };

const rabbit = new Connection(process.env['RABBITMQ_URL']);
rabbit.on('error', (error) => console.error(error));
const seen = new Set<string>(); // In production: a row of your database, written in one transaction with what you do.

const consumer = rabbit.createConsumer(
  {
    queue: 'example.withdrawals',
    queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 5 } },
    exchanges: [{ exchange: 'wallet.events', type: 'topic', durable: true }],
    queueBindings: [{ exchange: 'wallet.events', routingKey: 'book.*.FundsWithdrawn' }],
    qos: { prefetchCount: 100 },
  },
  ({ body }: { body: Buffer }) => {
    const event = JSON.parse(body.toString()) as Withdrawn; // A CloudEvent. What is thrown here is delivered again.
    if (seen.has(event.id)) return; // At least once: the same event may come twice.
    console.log(`${event.time} ${event.subject} withdrew ${event.data.amount} of asset ${event.data.asset}`);
    seen.add(event.id);
  },
);
process.on('SIGTERM', () => void consumer.close().then(() => rabbit.close()));
