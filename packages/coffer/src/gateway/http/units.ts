/** Answers in major units, where the caller asks for them. Each amount of a view is a string; the list here is of their names. */
import { assert, majorUnits } from '../../kernel/index.ts';
import { unitProperty } from '../../operations/index.ts';
import type { Unit } from '../../operations/index.ts';
import { amountNames } from '../../wallets/index.ts';

const names: ReadonlySet<string> = new Set([
  'amount',
  'askedAmount',
  'available',
  'availableAfter',
  'balance',
  'balanceAfter',
  'captured',
  'credit',
  'creditLimit',
  'debit',
  'difference',
  'held',
  'heldAfter',
  'left',
  'perDay',
  'perMonth',
  'perTransfer',
  'released',
  'result',
  'reversed',
  'sweptAmount',
  'total',
  'usedThisMonth',
  'usedToday',
  ...amountNames,
]);

/** Given by callers, or facts of a refusal, which stay in minor units. */
const verbatim: ReadonlySet<string> = new Set(['metadata', 'asked', 'controls', 'failure', 'refusal', 'facts']);

/** The query of a read. */
export const unitQuery = unitProperty;

/** The unit that a body asks for. */
export function unitOf(body: object): Unit | undefined {
  return 'unit' in body ? (body.unit as Unit) : undefined;
}

/** The view with its amounts in the unit. `scale`: of the asset, where the view does not name it. */
export function inUnit<View extends object>(unit: Unit | undefined, view: View, scale?: number): View {
  return unit === 'major' ? (inMajor(view, scale) as View) : view;
}

function inMajor(view: object, outer: number | undefined): object {
  if (Array.isArray(view)) return view.map((one: unknown) => (isObject(one) ? inMajor(one, outer) : one));
  const scale = scaleIn(view) ?? outer;
  return Object.fromEntries(
    Object.entries(view).map(([name, value]: [string, unknown]) => {
      if (verbatim.has(name)) return [name, value];
      if (isObject(value)) return [name, inMajor(value, scale)];
      if (typeof value !== 'string' || !names.has(name)) return [name, value];
      assert(scale !== undefined, `the asset of ${name} is known`);
      return [name, majorUnits(value, scale)];
    }),
  );
}

function scaleIn(view: object): number | undefined {
  return 'asset' in view && isObject(view.asset) && 'scale' in view.asset ? (view.asset.scale as number) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
