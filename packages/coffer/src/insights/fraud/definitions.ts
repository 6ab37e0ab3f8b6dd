/** The format of fraud rules. The schemas are closed: unknown fields are refused, not ignored. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { amountPattern } from '../../kernel/index.ts';
import type { Asset } from '../../ledger/index.ts';

/**
 * Movements out of a wallet. A capture and the sweep of a close count by their destination: cash_out as a withdrawal, a wallet as a
 * transfer, any other system account as a spend. The hold of an asynchronous withdrawal counts as a withdrawal, from the time of the hold.
 */
export const movementKinds = ['withdrawal', 'spend', 'transfer', 'reversal'] as const;
export type MovementKind = (typeof movementKinds)[number];

export const ruleKinds = ['velocity', 'amount', 'sum'] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** `flag`: the finding is recorded, and staff is notified. The others do that, too. */
export const ruleActions = ['flag', 'notify', 'freeze', 'review'] as const;
export type RuleAction = (typeof ruleActions)[number];

/** A rule counts at most that many movements in a window: the newest. */
export const countedMax = 500;
/** A week. */
export const windowSecondsMax = 604_800;
const nameLengthMax = 100;
export const reasonLengthMax = 1_000;

const closed = { additionalProperties: false } as const;
const count = Type.Integer({ minimum: 2, maximum: countedMax, description: `number of movements: 2 to ${countedMax}` });
const windowSeconds = Type.Integer({
  minimum: 1,
  maximum: windowSecondsMax,
  description: `length of the window in seconds: 1 to ${windowSecondsMax}`,
});
const threshold = Type.String({
  pattern: amountPattern,
  description: 'minimum amount, in minor units: a string of 1 to 38 digits, above zero',
});
const about = {
  movements: Type.Array(Type.Unsafe<MovementKind>({ type: 'string', enum: [...movementKinds] }), {
    minItems: 1,
    maxItems: movementKinds.length,
    uniqueItems: true,
    description: `which movements: some of ${movementKinds.join(', ')}`,
  }),
  assets: Type.Unsafe<'all' | number[]>({
    anyOf: [
      { type: 'string', const: 'all' },
      { type: 'array', items: { type: 'integer', minimum: 1, maximum: 2_147_483_647 }, minItems: 1, maxItems: 100, uniqueItems: true },
    ],
    description: '"all", or asset numbers from GET /assets',
  }),
};

const definitions = {
  velocity: Type.Object({ count, windowSeconds, ...about }, closed),
  amount: Type.Object({ threshold, ...about }, closed),
  sum: Type.Object({ threshold, windowSeconds, ...about }, closed),
};

type Definitions = { readonly [Kind in RuleKind]: Static<(typeof definitions)[Kind]> };
/** The kind determines the shape. */
export type Defined = { [Kind in RuleKind]: { readonly kind: Kind; readonly definition: Definitions[Kind] } }[RuleKind];

export type RuleContent = Defined & { readonly name: string; readonly action: RuleAction; readonly enabled: boolean };

/** A sentence that says what is wrong, and where. */
export type Mistake = { readonly mistake: string };

/** What a rule may name. */
export type KnownAssets = { readonly all: readonly Pick<Asset, 'id' | 'code'>[]; find(id: number): unknown };

export function readDefinition(kind: unknown, definition: unknown, known: KnownAssets): Defined | Mistake {
  if (!isOneOf(ruleKinds, kind)) return { mistake: `kind must be one of ${ruleKinds.join(', ')}.` };
  const schema = definitions[kind];
  if (!Value.Check(schema, definition)) return { mistake: mistakeIn(schema, definition) };
  const { assets } = definition;
  const unknown = assets === 'all' ? undefined : assets.find((asset) => !known.find(asset));
  if (unknown !== undefined) return { mistake: `definition.assets: there is no asset ${unknown}. The assets are ${namesOf(known.all)}.` };
  return { kind, definition } as Defined;
}

/** The rule's content, or what is wrong with it. */
export function readContent(
  input: { readonly [Part in 'name' | 'kind' | 'definition' | 'action' | 'enabled']: unknown },
  assets: KnownAssets,
): RuleContent | Mistake {
  const { name, action, enabled } = input;
  const defined = readDefinition(input.kind, input.definition, assets);
  if ('mistake' in defined) return defined;
  if (typeof name !== 'string' || !isText(name, nameLengthMax))
    return { mistake: `name must be a string of 1 to ${nameLengthMax} characters.` };
  if (!isOneOf(ruleActions, action)) return { mistake: `action must be one of ${ruleActions.join(', ')}.` };
  if (typeof enabled !== 'boolean') return { mistake: 'enabled must be true or false.' };
  const { movements } = defined.definition;
  if (action === 'review' && movements.some((movement) => movement !== 'withdrawal'))
    return { mistake: 'Only withdrawals can be held for review: set definition.movements to ["withdrawal"], or choose another action.' };
  return { ...defined, name, action, enabled };
}

/** Printable, and not only spaces: it appears in logs, reasons and e-mails. */
export function isText(text: string, lengthMax: number): boolean {
  return text.trim() !== '' && text.length <= lengthMax && text.isWellFormed() && !/\p{Cc}/u.test(text);
}

export function windowSecondsOf({ definition }: Defined): number {
  return 'windowSeconds' in definition ? definition.windowSeconds : 0;
}

function isOneOf<const T extends string>(values: readonly T[], value: unknown): value is T {
  return values.some((one) => one === value);
}

function mistakeIn(schema: (typeof definitions)[RuleKind], definition: unknown): string {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) return 'definition must be a JSON object.';
  const known = schema.properties as Record<string, { description?: string }>;
  const stranger = Object.keys(definition).find((name) => !Object.hasOwn(known, name));
  if (stranger !== undefined) return `definition has an unknown field ${quoted(stranger)} for this kind of rule.`;
  const given = definition as Record<string, unknown>;
  const wrong = Object.entries(known).find(([name, part]) => !Object.hasOwn(given, name) || !Value.Check(part, given[name]));
  return wrong ? `definition.${wrong[0]}: ${wrong[1].description ?? ''}.` : 'definition does not match its kind.';
}

const namedMax = 20;

function namesOf(assets: readonly { readonly id: number; readonly code: string }[]): string {
  const names = assets.slice(0, namedMax).map(({ id, code }) => `${id} (${code})`);
  return [...names, ...(assets.length > namedMax ? ['more'] : [])].join(', ');
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 50).toWellFormed());
}
