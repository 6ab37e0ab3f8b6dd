/** The settings of the events' broker. */
import { asRead, optional, peerUrl, settingGroup } from '../kernel/index.ts';

export const eventSettings = settingGroup({
  title: 'Events',
  rows: {
    rabbitmqUrl: {
      name: 'RABBITMQ_URL',
      reads: optional(peerUrl(['amqp:', 'amqps:'], 'amqps://user:password@host:5671')),
      default: undefined,
      absent: 'events go through PostgreSQL',
      meaning: 'URL of a RabbitMQ that carries the events',
      example: 'amqps://coffer:<password>@mq.example.com:5671',
      secret: true,
    },
  },
  combine: asRead,
});
