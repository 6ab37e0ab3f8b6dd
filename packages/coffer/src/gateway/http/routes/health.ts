/** What load balancers and people ask first: whether Coffer can serve requests, and where to report a vulnerability. */
import { oneOf, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { problems } from '../schemas.ts';

const Health = Type.Object({ status: oneOf('ok', 'degraded', 'unavailable'), detail: Type.String() }, { $id: 'Health', ...strict });

export function healthRoutes(app: App, product: Product): void {
  app.get(
    '/health',
    {
      schema: {
        operationId: 'health',
        description:
          'Returns 200 if requests can be served, 503 otherwise. `degraded`: requests are served, but an operator has to fix what `detail` names.',
        tags: ['Health'],
        response: { ...problems(), 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const isReady = product.ready();
      const detail = ((await product.faults?.()) ?? []).join(' ');
      if (isReady && detail === '') return await reply.send({ status: 'ok', detail: readyWith(product.workers?.()) });
      if (isReady) return await reply.send({ status: 'degraded', detail });
      return await reply
        .code(503)
        .header('retry-after', '1')
        .send({ status: 'unavailable', detail: detail === '' ? 'starting, or the database is unavailable' : detail });
    },
  );

  const { securityContact } = product;
  if (securityContact !== undefined)
    app.get('/.well-known/security.txt', { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/plain; charset=utf-8').send(`Contact: ${securityContact}\nExpires: ${expiry().toISOString()}\n`),
    );

  app.get('/', { schema: { hide: true } }, () => ({
    name: 'Coffer',
    description: 'wallets on a double-entry ledger',
    documentation: product.swaggerEnabled ? '/docs' : null,
    openapi: product.swaggerEnabled ? '/openapi.json' : null,
    health: '/health',
  }));
}

function readyWith(workers: ReturnType<NonNullable<Product['workers']>> | undefined): string {
  return workers ? `ready to serve, ${workers.live} of ${workers.of} worker processes` : 'ready to serve';
}

/** RFC 9116 requires a moment less than a year away. As long as Coffer serves the file, it is current. */
function expiry(): Date {
  return new Date(Date.now() + 180 * 86_400_000);
}
