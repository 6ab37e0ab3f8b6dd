/** The settings of the events' broker. */
import { asRead, optional, settingGroup, urlOf } from '../kernel/index.ts';

export const eventSettings = settingGroup({
  title: 'Events',
  rows: {
    rabbitmqUrl: {
      name: 'RABBITMQ_URL',
      reads: optional(urlOf(['amqp:', 'amqps:'], 'amqp://user:password@host:5672')),
      default: undefined,
      absent: 'events go through PostgreSQL',
      meaning: 'URL of a RabbitMQ that carries the events',
      example: 'amqp://coffer:password@mq.example.com:5672',
      secret: true,
    },
  },
  combine: asRead,
});
