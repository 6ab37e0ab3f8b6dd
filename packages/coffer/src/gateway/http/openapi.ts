/** The OpenAPI document, made of the routes' own schemas, and the pages that show it. */
import swagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import type { onRequestHookHandler } from 'fastify';
import type { App, Product } from './app.ts';
import { asyncApiDocument } from '../../events/index.ts';
import { productVersion } from '../../kernel/index.ts';
import { shaped } from './openapi-shape.ts';
import { malformed, ProblemError } from './problem.ts';

const description = `Wallets on a double-entry ledger.

* **Amounts** are whole numbers of an asset's minor units. Answers carry them as strings; requests may send a string of digits or a JSON integer.
* **Idempotency.** Send a key with every request that moves money: \`requestId\`, \`txId\` or \`payment_id\` in the body, or the header \`Idempotency-Key\`. The same key with the same content is one operation; its answer comes again, marked \`Idempotency-Replayed: true\`. The key belongs to the wallet that initiates the operation. A request without one is done under a fresh key, which the answer names.
* **Callers.** In open mode, which is for one machine only, nobody is asked who they are, except where a request is about whoever asks. Otherwise a user reaches the own wallets, a service what the scopes of its API key allow, an operator all wallets. To a user, what is another's is not there: the answer is that for an unknown id.
* **Hosts.** In open mode requests are answered whose one Host header is localhost, 127.x.x.x or [::1]; others are refused with 421.
* **Failures** are problem documents (RFC 9457) with a stable \`code\` and a \`detail\` that says what to do. Any path can answer, beside what is listed with it, 408 (the request came too slowly), 421 (it is for another host) and 431 (its headers have more than 16 KiB).
* **An answer that never came** is not a failure: send the same request with the same key again, or ask GET /wallet/{id}/operations/{key}.`;

export async function describeApi(app: App, { swaggerEnabled }: Pick<Product, 'swaggerEnabled'>): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Coffer', version: productVersion, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      servers: [{ url: '/', description: 'the server that this document came from' }],
      tags: [
        'Wallets',
        'Holds',
        'Requests',
        'Operations',
        'Controls',
        'Closed loop',
        'Users',
        'API keys',
        'Events',
        'Webhooks',
        'Fraud',
        'Notifications',
        'Assets',
        'Health',
      ].map((name) => ({ name })),
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'the token of a login, or an API key (cof_…)' } },
      },
    },
    transform: ({ schema, url }) => ({ schema: { ...schema, summary: titleOf(schema?.operationId) }, url }),
    transformObject: (documents) => ('openapiObject' in documents ? shaped(documents.openapiObject) : documents.swaggerObject),
    refResolver: { buildLocalReference: (schema) => (typeof schema['$id'] === 'string' ? schema['$id'] : '') },
  });
  if (!swaggerEnabled) return;
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  const events = asyncApiDocument();
  app.get('/asyncapi.json', { schema: { hide: true } }, (_request, reply) => reply.type('application/json').send(events));
  for (const routePrefix of ['/docs', '/api'] as const)
    await app.register(scalar, { routePrefix, configuration: pages, hooks: { onRequest: hardenPage } });
}

/** "getOperationByKey" is listed as "Get operation by key". */
function titleOf(operationId = ''): string {
  const words = operationId.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Everything that the page shows comes from here: it works offline, and tells nobody who reads it. */
const pages = {
  url: '/openapi.json',
  pageTitle: 'Coffer API',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
} as const;

const contentPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:";

const hardenPage: onRequestHookHandler = (request, reply, done) => {
  // The page's plugin puts the two together and would stumble over a Host header that is none.
  if (!URL.canParse(request.url, `${request.protocol}://${request.hostname}`))
    return done(new ProblemError(malformed('The Host header is not valid. Send the name that you reach Coffer by.')));
  reply.header('content-security-policy', contentPolicy).header('x-content-type-options', 'nosniff');
  done();
};
