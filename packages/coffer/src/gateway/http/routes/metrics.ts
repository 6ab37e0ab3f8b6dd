/** The metrics of this process and the others of the same start, for Prometheus. */
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import { problems } from '../schemas.ts';

export function metricsRoutes(app: App, product: Product): void {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        description: 'Returns metrics of posting, requests, pools, memory and the event loop in the Prometheus text format',
        tags: ['Health'],
        response: {
          200: { description: 'the metrics', content: { 'text/plain': { schema: Type.String() } } },
          ...problems(404),
        },
      },
    },
    async (_request, reply) => {
      const metrics = product.observation?.metrics;
      if (!metrics) return sendProblem(reply, problem('metrics_off'));
      return reply.header('content-type', metrics.contentType).send(await (product.metricsOfAll?.() ?? metrics.text()));
    },
  );
}
