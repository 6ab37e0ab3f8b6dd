/** The OpenAPI document, built from the routes' schemas, and its pages. */
import swagger from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import { hash } from 'node:crypto';
import type { onRequestHookHandler, onSendHookHandler } from 'fastify';
import type { App, Product } from './app.ts';
import { asyncApiDocument } from '../../events/index.ts';
import { productVersion } from '../../kernel/index.ts';
import { shaped } from './openapi-shape.ts';
import { malformed, ProblemError } from './problem.ts';

const description = `Wallets on a double-entry ledger.

* **Amounts** are whole numbers of an asset's minor units. Answers contain them as strings; requests may send a string of digits or a JSON integer.
* **Idempotency.** Send a key with every request that moves money: \`requestId\`, \`txId\` or \`payment_id\` in the body, or the header \`Idempotency-Key\`. Sent again with the same key and content, a request is not done twice: you get the first answer, marked \`Idempotency-Replayed: true\`. A key belongs to the wallet that initiates the operation and to the kind of caller (\`keyspace\`: user, service or anonymous). If you send none, Coffer generates one and returns it in the answer.
* **Callers.** In open mode, which listens on one machine only, no credentials are required, except for requests about your own account. Otherwise a user can access their own wallets, a service what the scopes of its API key allow, and an operator all wallets. For a user, another user's resources do not exist: the answer is the one for an unknown id.
* **Hosts.** In open mode, the Host header must be localhost, 127.x.x.x or [::1]; other requests are refused with 421.
* **Failures** are problem documents (RFC 9457) with a stable \`code\` and a \`detail\` that says what to do. Besides the answers listed with it, any path can answer 408 (the request arrived too slowly), 421 (it is addressed to another host) and 431 (its headers exceed 24 KiB).
* **A lost answer** is not a failure: send the same request again with the same key, or read GET /wallet/{id}/operations/{key}.`;

export async function describeApi(app: App, { swaggerEnabled }: Pick<Product, 'swaggerEnabled'>): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Coffer', version: productVersion, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      servers: [{ url: '/', description: 'the server of this document' }],
      tags: [
        'Wallets',
        'Holds',
        'Requests',
        'Approvals',
        'Operations',
        'Find',
        'Controls',
        'Closed loop',
        'Users',
        'API keys',
        'Events',
        'Webhooks',
        'Fraud',
        'Periods',
        'Notifications',
        'Assets',
        'Accounts',
        'Reports',
        'Health',
        // Last: in the collection for Postman, the session in use ends here.
        'Sessions',
        'Second factors',
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
    await app.register(async (scope) => {
      scope.addHook('onSend', allowOwnScripts);
      await scope.register(scalar, { routePrefix, configuration: pages, hooks: { onRequest: hardenPage } });
    });
}

/** "getOperationByKey" is listed as "Get operation by key". */
function titleOf(operationId = ''): string {
  const words = operationId.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The page loads nothing from other servers: it works offline and leaks nothing to third parties. */
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

/** `scripts`: the sources of the page's inline scripts. Its styles are made by its script, so no hash can name them. */
function contentPolicy(scripts: readonly string[]): string {
  const sources = ["script-src 'self'", ...scripts].join(' ');
  return `default-src 'self'; ${sources}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** Names each inline script of a page by its hash: a script that somebody injects does not run. */
const allowOwnScripts: onSendHookHandler = (_request, reply, payload, done) => {
  if (typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')) {
    const scripts = [...payload.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
    const hashes = scripts.map(([, script = '']) => `'sha256-${hash('sha256', script, 'base64')}'`);
    reply.header('content-security-policy', contentPolicy(hashes));
  }
  done();
};

const hardenPage: onRequestHookHandler = (request, reply, done) => {
  // The page's plugin joins the two into a URL and would throw on an invalid Host header.
  if (!URL.canParse(request.url, `${request.protocol}://${request.hostname}`))
    return done(new ProblemError(malformed('The Host header is not valid. Send the host name that you use to reach Coffer.')));
  // The page's scripts are large, and public.
  reply.header('content-security-policy', contentPolicy([])).removeHeader('cache-control');
  done();
};
