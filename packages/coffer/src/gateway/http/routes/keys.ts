/** API keys: created, listed, rotated and revoked by admins, or by a service with the scope for it. */
import type { Static } from 'typebox';
import { actorOf, nameLengthMax, scopes } from '../../../identity/index.ts';
import type { ApiKey, Scope } from '../../../identity/index.ts';
import { oneOf, orNull, ref, strict, Timestamp } from '../../../operations/index.ts';
import type { App, Product, Request } from '../app.ts';
import { callerOf } from '../callers.ts';
import { isRange, isWithinRanges } from '../../network/index.ts';
import { malformed, problem, sendProblem } from '../problem.ts';
import { problems } from '../schemas.ts';
import Type from 'typebox';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const overlapHoursDefault = 24;
const overlapHoursMax = 30 * 24;
const expiryDaysMax = 3_650;

const KeyView = Type.Object(
  {
    id: Type.String({ description: 'the part of the key between the two underscores' }),
    prefix: Type.String({ description: 'the beginning of the key, to recognise it', examples: ['cof_ab2cdefgh3jklmno'] }),
    name: Type.String(),
    scopes: Type.Array(Type.String()),
    networks: orNull(Type.Array(Type.String())),
    parent: orNull(Type.String({ description: 'id of the key that created it, and that it ends with' })),
    createdAt: Timestamp,
    createdBy: Type.String(),
    rotatedAt: orNull(Timestamp),
    previousExpiresAt: orNull(Timestamp),
    expiresAt: orNull(Timestamp),
    lastUsedAt: orNull(Timestamp),
    revokedAt: orNull(Timestamp),
  },
  { $id: 'ApiKey', ...strict },
);
const NewKeyView = Type.Object(
  { key: ref(KeyView), secret: Type.String({ description: 'the whole key; it is shown only this once' }) },
  { $id: 'NewApiKey', ...strict },
);
export const keySchemas = [KeyView, NewKeyView];

const params = Type.Object({ keyId: Type.String({ pattern: '^[a-z0-9]{16}$', description: 'key id' }) }, strict);
const NewKey = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: nameLengthMax, description: 'what the key is for', examples: ['billing'] }),
    scopes: Type.Array(oneOf(...scopes), { minItems: 1, maxItems: scopes.length, description: 'what the key may do' }),
    expiresInDays: Type.Optional(
      Type.Integer({ minimum: 1, maximum: expiryDaysMax, description: 'days from now; default COFFER_KEY_DAYS (365)' }),
    ),
    networks: Type.Optional(
      Type.Array(Type.String({ maxLength: 50, examples: ['192.0.2.0/24'] }), {
        minItems: 1,
        maxItems: 32,
        description: 'addresses and ranges (CIDR) that its requests may come from; default anywhere',
      }),
    ),
  },
  strict,
);
const Rotation = Type.Object(
  {
    overlapHours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: overlapHoursMax,
        description: `hours for which the previous secret stays valid; default ${overlapHoursDefault}`,
      }),
    ),
  },
  strict,
);

export function keyRoutes(app: App, { apiKeys, access }: Product): void {
  const tags = ['API keys'];

  app.get(
    '/keys',
    {
      schema: {
        operationId: 'listKeys',
        description: 'Lists the API keys, newest first, without their secrets',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ref(KeyView)) }, strict), ...problems() },
      },
    },
    async () => ({ items: (await apiKeys.list()).map(presentKey) }),
  );

  app.post(
    '/keys',
    {
      schema: {
        operationId: 'createKey',
        description:
          'Creates an API key. The answer contains its secret, which cannot be shown again. A key that a key creates expires and is revoked with it, and is valid from no other addresses',
        tags,
        body: NewKey,
        response: { 201: ref(NewKeyView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { name, scopes, expiresInDays, networks } = request.body;
      const wrong = networks?.find((range) => !isRange(range));
      if (wrong !== undefined)
        return sendProblem(reply, malformed(`"${wrong}" in networks is not an address or a range like 192.0.2.0/24.`));
      const expiresAfterMs = expiresInDays === undefined ? undefined : expiresInDays * dayMs;
      const createdBy = actorOf(callerOf(request).principal);
      const { principal } = callerOf(request);
      const bounds = principal.kind === 'service' ? { within: principal.scopes, parent: principal.keyId } : {};
      const bound = principal.kind === 'service' ? principal.networks : undefined;
      if (bound && networks?.some((range) => !isWithinRanges(range, bound)) === true)
        return sendProblem(reply, problem('networks_exceeded'));
      const made = await apiKeys.create({ name, scopes, createdBy, expiresAfterMs, networks: networks ?? bound, ...bounds });
      return 'refusal' in made
        ? sendProblem(reply, problem(made.refusal.code, made.refusal))
        : reply.code(201).send({ key: presentKey(made.key), secret: made.secret });
    },
  );

  app.post(
    '/keys/:keyId/rotate',
    {
      schema: {
        operationId: 'rotateKey',
        description:
          'Gives an API key a new secret; the previous one stays valid for a while. A service rotates its own key and the keys that this one created',
        tags,
        params,
        body: Rotation,
        response: { 200: ref(NewKeyView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { overlapHours = overlapHoursDefault } = request.body;
      const made = await apiKeys.rotate(request.params.keyId, overlapHours * hourMs, managerOf(request));
      access.forget();
      return 'refusal' in made
        ? sendProblem(reply, problem(made.refusal.code, made.refusal))
        : reply.send({ key: presentKey(made.key), secret: made.secret });
    },
  );

  app.delete(
    '/keys/:keyId',
    {
      schema: {
        operationId: 'revokeKey',
        description: 'Revokes an API key permanently, and every key that it created; they stop working everywhere within a second',
        tags,
        params,
        response: { 200: ref(KeyView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const revoked = await apiKeys.revoke(request.params.keyId, ownScopes(request));
      access.forget();
      return 'refusal' in revoked ? sendProblem(reply, problem(revoked.refusal.code, revoked.refusal)) : reply.send(presentKey(revoked));
    },
  );
}

/** A service can grant only scopes it has; people can grant any. */
function ownScopes(request: Request): ReadonlySet<Scope> | undefined {
  const { principal } = callerOf(request);
  return principal.kind === 'service' ? principal.scopes : undefined;
}

/** The key that manages keys; undefined for people. */
function managerOf(request: Request): { readonly keyId: string; readonly scopes: ReadonlySet<Scope> } | undefined {
  const { principal } = callerOf(request);
  return principal.kind === 'service' ? principal : undefined;
}

function presentKey(key: ApiKey): Static<typeof KeyView> {
  return {
    id: key.id,
    prefix: `cof_${key.id}`,
    name: key.name,
    scopes: [...key.scopes],
    networks: key.networks ? [...key.networks] : null,
    parent: key.parent,
    createdAt: key.createdAt.toISOString(),
    createdBy: key.createdBy,
    rotatedAt: key.rotatedAt?.toISOString() ?? null,
    previousExpiresAt: key.previousExpiresAt?.toISOString() ?? null,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
  };
}
