/** Fraud rules, for operators: list and change them with their history, test them on past events, list their findings. */
import { Moment, Reason, WalletId, freeObject, oneOf, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import { dryRun, findingCursorPattern, ruleActions, ruleKinds } from '../../../insights/index.ts';
import type { FraudRefusal } from '../../../insights/index.ts';
import { parseMoment } from '../../../kernel/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product } from '../app.ts';
import { DryRunView, FindingView, presentDryRun, presentFinding, presentRule, RuleId, RuleView } from '../fraud-views.ts';
import { malformed, problem, ProblemError, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { limitMax, page, problems } from '../schemas.ts';

const Definition = Type.Unsafe<Record<string, unknown>>({
  ...freeObject,
  description:
    'velocity: {count, windowSeconds, movements, assets}; amount: {threshold, movements, assets}; sum: {threshold, windowSeconds, movements, assets}. movements: some of withdrawal, spend, transfer. assets: "all", or their numbers. No other fields',
  examples: [{ count: 3, windowSeconds: 60, movements: ['withdrawal'], assets: 'all' }],
});

const params = Type.Object({ rule: RuleId }, strict);
const parts = {
  name: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'display name',
    examples: ['Several withdrawals within a minute'],
  }),
  kind: Type.Unsafe<(typeof ruleKinds)[number]>({ ...oneOf(...ruleKinds), description: `one of ${ruleKinds.join(', ')}` }),
  definition: Definition,
  action: Type.Unsafe<(typeof ruleActions)[number]>({
    ...oneOf(...ruleActions),
    description:
      'flag: record it and notify staff. notify: also notify the owner. freeze: freeze the wallet. review: hold the withdrawal for review',
  }),
  enabled: Type.Boolean({ description: 'whether the rule evaluates events' }),
};
const NewRule = Type.Object({ id: RuleId, ...parts, enabled: Type.Optional(parts.enabled), reason: Reason }, strict);
const ChangedRule = Type.Object({ ...Type.Partial(Type.Object(parts)).properties, reason: Reason }, strict);
const Tried = Type.Object(
  {
    id: Type.Optional(RuleId),
    kind: Type.Optional(parts.kind),
    definition: Type.Optional(Definition),
    since: Type.Optional(Moment),
    until: Type.Optional(Moment),
  },
  strict,
);
const findingsQuery = Type.Object(
  {
    rule: Type.Optional(RuleId),
    walletId: Type.Optional(WalletId),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limitMax, default: 50, description: `maximum number of items: 1 to ${limitMax}` }),
    ),
    cursor: Type.Optional(Type.String({ pattern: findingCursorPattern, description: 'the `next` of the previous page' })),
  },
  strict,
);

const tags = ['Fraud'];
/** About ten seconds of reading. To read more, continue from `readUntil`, or use the command line. */
const dryRunEventsMax = 200_000;

export function fraudRoutes(app: App, product: Product): void {
  const rules = () => product.insights.rules;

  app.get(
    '/fraud/rules',
    {
      schema: {
        operationId: 'listFraudRules',
        description: 'Lists the current version of each fraud rule, ordered by id',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ref(RuleView)) }, strict), ...problems() },
      },
    },
    async () => ({ items: (await rules().list()).map(presentRule) }),
  );

  app.get(
    '/fraud/rules/:rule',
    {
      schema: {
        operationId: 'getFraudRule',
        description: 'Lists all versions of a fraud rule, newest first: who made each, since when, and why',
        tags,
        params,
        response: { 200: Type.Object({ items: Type.Array(ref(RuleView)) }, strict), ...problems(404) },
      },
    },
    async (request, reply) => {
      const versions = await rules().history(request.params.rule);
      if (versions.length === 0) return sendProblem(reply, fraudProblem(noRule));
      return { items: versions.map(presentRule) };
    },
  );

  app.post(
    '/fraud/rules',
    {
      schema: {
        operationId: 'addFraudRule',
        description: 'Creates a fraud rule. It applies to events recorded from now on',
        tags,
        body: NewRule,
        response: { 201: ref(RuleView), ...problems(409) },
      },
    },
    async (request, reply) => {
      const { id, reason, enabled = true, ...rule } = request.body;
      const added = await rules().add(id, { ...rule, enabled }, { actor: actorOf(request), reason });
      return 'refusal' in added ? sendProblem(reply, fraudProblem(added)) : reply.code(201).send(presentRule(added));
    },
  );

  app.patch(
    '/fraud/rules/:rule',
    {
      schema: {
        operationId: 'changeFraudRule',
        description: 'Creates a new version of a fraud rule; omitted fields keep their values. It applies to events recorded from now on',
        tags,
        params,
        body: ChangedRule,
        response: { 200: ref(RuleView), ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const { reason, ...changes } = request.body;
      const changed = await rules().change(request.params.rule, changes, { actor: actorOf(request), reason });
      return 'refusal' in changed ? sendProblem(reply, fraudProblem(changed)) : reply.send(presentRule(changed));
    },
  );

  dryRunRoute(app, product);

  app.get(
    '/fraud/findings',
    {
      schema: {
        operationId: 'listFraudFindings',
        description: 'Lists the findings of the fraud rules, newest first: which rule, which events',
        tags,
        querystring: findingsQuery,
        response: { 200: page(ref(FindingView)), ...problems() },
      },
    },
    async (request) => {
      const { rule, walletId, cursor, limit = 50 } = request.query;
      const { items, next } = await product.insights.findings.list({ rule, wallet: walletId, cursor, limit });
      return { items: items.map(presentFinding), next };
    },
  );
}

function dryRunRoute(app: App, product: Product): void {
  app.post(
    '/fraud/rules/dry-run',
    {
      schema: {
        operationId: 'dryRunFraudRule',
        description:
          'Runs a fraud rule on past events, compared with the current rule of the same id, and writes nothing. Omitted fields are taken from the current rule',
        tags,
        body: Tried,
        response: { 200: ref(DryRunView), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { id, since, until, ...tried } = request.body;
      const versions = id === undefined ? [] : await product.insights.rules.history(id);
      const present = versions[0] ?? null;
      if (!present && (tried.kind === undefined || tried.definition === undefined)) return sendProblem(reply, fraudProblem(noRule));
      const outcome = await dryRun(product.insights.ledger, {
        rule: { id, kind: tried.kind ?? present?.kind, definition: tried.definition ?? present?.definition },
        present,
        since: momentOf(since),
        until: momentOf(until),
        eventsMax: dryRunEventsMax,
        isOver: () => reply.raw.destroyed,
      });
      return 'refusal' in outcome ? sendProblem(reply, fraudProblem(outcome)) : reply.send(presentDryRun(outcome));
    },
  );
}

const noRule = { refusal: 'rule_not_found', detail: 'Check the id: GET /fraud/rules lists the rules.' } as const;

function fraudProblem({ refusal, detail }: FraudRefusal): Problem {
  return problem(refusal, { said: detail });
}

function momentOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const moment = parseMoment(text);
  if (!moment) throw new ProblemError(malformed(`"${text}" is not a valid timestamp. Send one such as 2026-01-31T12:00:00Z.`));
  return moment;
}
