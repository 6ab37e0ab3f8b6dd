import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readContent } from './definitions.ts';
import { evaluate, RecentMovements } from './evaluate.ts';
import type { Finding } from './evaluate.ts';
import { countsFromOf, RuleHistory } from './history.ts';
import type { RuleVersion } from './history.ts';
import type { Movement } from './movements.ts';

const begin = Date.UTC(2026, 0, 1);
/** Of a ledger that has these. */
const all = [1, 2, 3].map((id) => ({ id, code: `A${id}`, scale: 2, name: '' }));
const assets = { all, find: (id: string | number) => all.find((asset) => asset.id === id) };
const withdrawals = { movements: ['withdrawal'], assets: 'all' };

function rule(changes: Record<string, unknown>): RuleVersion {
  const content = readContent({ name: 'A rule', action: 'flag', enabled: true, kind: 'velocity', definition: {}, ...changes }, assets);
  if ('mistake' in content) throw new Error(content.mistake);
  const fixed = { rule: 'r', version: 1, afterSeq: {}, since: new Date(begin), countsFrom: null, actor: 'test', reason: 'test' };
  return { ...fixed, ...content, ...(changes['at'] as object) };
}

let seq = 0;
function movement(seconds: number, changes: Partial<Movement> = {}): Movement {
  seq++;
  const recordedAt = new Date(begin + Math.round(seconds * 1_000));
  return { id: `1-${seq}-1`, book: 1, seq, part: 1, wallet: 'w', kind: 'withdrawal', asset: 3, amount: 100n, recordedAt, ...changes };
}

function found(versions: readonly RuleVersion[], movements: readonly Movement[]): Finding[] {
  return evaluate(new RuleHistory(versions), new RecentMovements(), movements);
}

describe('three withdrawals within 60 seconds', () => {
  const velocity = rule({ definition: { count: 3, windowSeconds: 60, ...withdrawals } });

  test('are found when the first was recorded 59.999 seconds before the last, and not when it was 60', () => {
    const [first, second, third] = [movement(0), movement(30), movement(59.999)];
    expect(found([velocity], [first, second, third])).toMatchObject([
      {
        movement: { id: third.id },
        events: [first.id, second.id, third.id],
        facts: { count: '3', windowSeconds: '60', withinSeconds: '59.999', asset: '3' },
      },
    ]);
    expect(found([velocity], [movement(0), movement(30), movement(60)])).toEqual([]);
  });

  test('are of one wallet, and of the movements that the rule names', () => {
    expect(found([velocity], [movement(0), movement(1, { wallet: 'other' }), movement(2)])).toEqual([]);
    expect(found([velocity], [movement(0), movement(1, { kind: 'spend' }), movement(2)])).toEqual([]);
    const both = rule({ definition: { count: 3, windowSeconds: 60, movements: ['withdrawal', 'spend'], assets: 'all' } });
    expect(found([both], [movement(0), movement(1, { kind: 'spend' }), movement(2)])).toHaveLength(1);
  });

  test('a fourth is found, too, with the three newest', () => {
    const movements = [movement(0), movement(1), movement(2), movement(3)];
    expect(found([velocity], movements).map(({ events }) => events)).toEqual([
      movements.slice(0, 3).map(({ id }) => id),
      movements.slice(1).map(({ id }) => id),
    ]);
  });
});

describe('a single amount', () => {
  const amount = rule({ kind: 'amount', definition: { threshold: '10000', movements: ['withdrawal'], assets: [3] } });

  test('is found from the threshold on', () => {
    expect(found([amount], [movement(0, { amount: 9_999n })])).toEqual([]);
    expect(found([amount], [movement(0, { amount: 10_000n })])).toMatchObject([{ facts: { amount: '10000', threshold: '10000' } }]);
    expect(found([amount], [movement(0, { amount: 10n ** 37n })])).toHaveLength(1);
  });

  test('of another asset is not', () => {
    expect(found([amount], [movement(0, { amount: 10_000n, asset: 4 })])).toEqual([]);
  });
});

test('a sum is found when the window reaches the threshold, with as few of the newest as it takes', () => {
  const sum = rule({ kind: 'sum', definition: { threshold: '250', windowSeconds: 60, ...withdrawals } });
  const movements = [movement(0, { amount: 100n }), movement(10, { amount: 149n }), movement(20, { amount: 101n })];
  expect(found([sum], movements)).toMatchObject([
    { movement: { id: movements[2]?.id }, events: movements.slice(1).map(({ id }) => id), facts: { total: '250', threshold: '250' } },
  ]);
  expect(found([sum], [movement(0, { amount: 249n }), movement(60, { amount: 1n })])).toEqual([]);
});

test('a version is in force for what its book records after its place, until the next one begins', () => {
  const first = rule({ kind: 'amount', definition: { threshold: '100', ...withdrawals } });
  const movements = [movement(0), movement(1), movement(2), movement(3, { book: 2 })];
  const [, second] = movements;
  const off = { ...first, version: 2, enabled: false, afterSeq: { 1: second?.seq ?? 0, 2: seq } };
  expect(found([first, off], movements).map((finding) => finding.movement.id)).toEqual([movements[0]?.id, second?.id, movements[3]?.id]);
});

test('a version counts back only as far as the rules before it kept movements', () => {
  const since = new Date(begin + 100_000);
  const minute = rule({ definition: { count: 3, windowSeconds: 60, ...withdrawals } });
  expect(countsFromOf(['withdrawal'], since, [])).toEqual(since);
  expect(countsFromOf(['withdrawal'], since, [minute])).toEqual(new Date(begin + 40_000));
  expect(countsFromOf(['withdrawal', 'spend'], since, [minute])).toEqual(since);
  expect(countsFromOf(['withdrawal'], since, [{ ...minute, countsFrom: new Date(begin + 90_000) }])).toEqual(new Date(begin + 90_000));
  const late = rule({ definition: { count: 2, windowSeconds: 600, ...withdrawals }, at: { countsFrom: new Date(begin + 40_000) } });
  expect(found([late], [movement(39), movement(200)])).toEqual([]);
  expect(found([late], [movement(40), movement(200)])).toHaveLength(1);
});

test('the same movements find the same, in whatever portions they come, also when a wallet has more than is remembered', () => {
  const rules = [
    rule({ definition: { count: 3, windowSeconds: 2, ...withdrawals } }),
    rule({
      kind: 'sum',
      definition: { threshold: '90000', windowSeconds: 60_000, movements: ['withdrawal', 'spend'], assets: 'all' },
      at: { rule: 's' },
    }),
  ];
  const step = fc.record({
    wallet: fc.constantFrom('a', 'b'),
    kind: fc.constantFrom('withdrawal' as const, 'spend' as const, 'transfer' as const),
    gapMs: fc.integer({ min: 0, max: 3_000 }),
    amount: fc.bigInt({ min: 1n, max: 1_000n }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 4_000, size: 'max' }), fc.integer({ min: 1, max: 700 }), (steps, portion) => {
      let time = 0;
      const movements = steps.map(({ gapMs, ...rest }) => movement((time += gapMs) / 1_000, rest));
      const recent = new RecentMovements();
      const history = new RuleHistory(rules);
      const inPortions = Array.from({ length: Math.ceil(movements.length / portion) }, (_, at) =>
        evaluate(history, recent, movements.slice(at * portion, (at + 1) * portion)),
      ).flat();
      expect(inPortions).toEqual(found(rules, movements));
    }),
    { numRuns: 15 },
  );
});

describe('a definition that cannot be', () => {
  const asked = (changes: object) =>
    readContent({ name: 'r', kind: 'velocity', action: 'flag', enabled: true, definition: {}, ...changes }, assets);
  const velocity = { count: 3, windowSeconds: 60, ...withdrawals };
  test.each([
    ['an unknown kind', { kind: 'javascript' }, 'kind is one of velocity, amount, sum.'],
    ['no object', { definition: [] }, 'definition is a JSON object.'],
    ['something unknown', { definition: { ...velocity, eval: '1' } }, 'definition has "eval"'],
    ['a prototype', { definition: JSON.parse('{"__proto__":{"count":3}}') as object }, 'definition has "__proto__"'],
    ['a count of one', { definition: { ...velocity, count: 1 } }, 'definition.count: how many: 2 to 500.'],
    ['a count with decimals', { definition: { ...velocity, count: 2.5 } }, 'definition.count'],
    ['a window of nothing', { definition: { ...velocity, windowSeconds: 0 } }, 'definition.windowSeconds'],
    ['a window without end', { definition: { ...velocity, windowSeconds: 1e9 } }, 'definition.windowSeconds'],
    ['no movements', { definition: { ...velocity, movements: [] } }, 'definition.movements'],
    ['a movement twice', { definition: { ...velocity, movements: ['spend', 'spend'] } }, 'definition.movements'],
    ['an asset by its code', { definition: { ...velocity, assets: ['USD'] } }, 'definition.assets'],
    ['a threshold as a number', { kind: 'amount', definition: { threshold: 1e4, ...withdrawals } }, 'definition.threshold'],
    [
      'an asset that there is not',
      { definition: { ...velocity, assets: [3, 99] } },
      'there is no asset 99. There are 1 (A1), 2 (A2), 3 (A3).',
    ],
    [
      'a threshold of nothing',
      { kind: 'amount', definition: { threshold: '0', ...withdrawals } },
      'a string of 1 to 38 digits, above zero',
    ],
    [
      'a threshold below nothing',
      { kind: 'sum', definition: { threshold: '-5', windowSeconds: 9, ...withdrawals } },
      'definition.threshold',
    ],
    ['a window below nothing', { definition: { ...velocity, windowSeconds: -1 } }, 'definition.windowSeconds'],
    ['a window beyond all numbers', { definition: { ...velocity, windowSeconds: Number.POSITIVE_INFINITY } }, 'definition.windowSeconds'],
    ['an asset beyond all numbers', { definition: { ...velocity, assets: [2 ** 31] } }, 'definition.assets'],
    ['a threshold of 39 digits', { kind: 'amount', definition: { threshold: '1'.repeat(39), ...withdrawals } }, 'definition.threshold'],
    ['a name of spaces', { definition: velocity, name: '  ' }, 'name is a text'],
    ['a name with a line break', { definition: velocity, name: 'a\r\nBcc: x' }, 'name is a text'],
    ['an unknown action', { definition: velocity, action: 'delete' }, 'action is one of'],
    ['a review of spending', { definition: { ...velocity, movements: ['spend'] }, action: 'review' }, 'Only withdrawals'],
  ])('%s is refused, and told', (_what, changes, mistake) => {
    const content = asked(changes);
    expect('mistake' in content ? content.mistake : content).toContain(mistake);
  });
});
