import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readContent } from './definitions.ts';
import { evaluate, RecentMovements } from './evaluate.ts';
import type { Finding } from './evaluate.ts';
import { countsFromOf, RuleHistory } from './history.ts';
import type { RuleVersion } from './history.ts';
import type { Movement } from './movements.ts';

const begin = Date.UTC(2026, 0, 1);
/** The assets of the ledger. */
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

  test('are found if the first was recorded 59.999 seconds before the last, but not 60', () => {
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

  test('must be of one wallet, and of the kinds that the rule names', () => {
    expect(found([velocity], [movement(0), movement(1, { wallet: 'other' }), movement(2)])).toEqual([]);
    expect(found([velocity], [movement(0), movement(1, { kind: 'spend' }), movement(2)])).toEqual([]);
    const both = rule({ definition: { count: 3, windowSeconds: 60, movements: ['withdrawal', 'spend'], assets: 'all' } });
    expect(found([both], [movement(0), movement(1, { kind: 'spend' }), movement(2)])).toHaveLength(1);
  });

  test('a fourth is also found, with the three newest', () => {
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

  test('of another asset is not found', () => {
    expect(found([amount], [movement(0, { amount: 10_000n, asset: 4 })])).toEqual([]);
  });
});

test('a sum is found if the window reaches the threshold, with the fewest newest movements', () => {
  const sum = rule({ kind: 'sum', definition: { threshold: '250', windowSeconds: 60, ...withdrawals } });
  const movements = [movement(0, { amount: 100n }), movement(10, { amount: 149n }), movement(20, { amount: 101n })];
  expect(found([sum], movements)).toMatchObject([
    { movement: { id: movements[2]?.id }, events: movements.slice(1).map(({ id }) => id), facts: { total: '250', threshold: '250' } },
  ]);
  expect(found([sum], [movement(0, { amount: 249n }), movement(60, { amount: 1n })])).toEqual([]);
});

test('a version applies to events of its book after its position, until the next one starts', () => {
  const first = rule({ kind: 'amount', definition: { threshold: '100', ...withdrawals } });
  const movements = [movement(0), movement(1), movement(2), movement(3, { book: 2 })];
  const [, second] = movements;
  const off = { ...first, version: 2, enabled: false, afterSeq: { 1: second?.seq ?? 0, 2: seq } };
  expect(found([first, off], movements).map((finding) => finding.movement.id)).toEqual([movements[0]?.id, second?.id, movements[3]?.id]);
});

test('a version counts back only as far as earlier rules stored movements', () => {
  const since = new Date(begin + 100_000);
  const minute = rule({ definition: { count: 3, windowSeconds: 60, ...withdrawals } });
  expect(countsFromOf(['withdrawal'], since, [])).toEqual(since);
  expect(countsFromOf(['withdrawal'], since, [minute])).toEqual(new Date(begin + 40_000));
  expect(countsFromOf(['withdrawal', 'spend'], since, [minute])).toEqual(since);
  expect(countsFromOf(['withdrawal'], since, [{ ...minute, countsFrom: new Date(begin + 90_000) }])).toEqual(new Date(begin + 90_000));
  const countsFrom = new Date(begin + 40_000);
  const late = (afterSeq: number) =>
    rule({ definition: { count: 2, windowSeconds: 600, ...withdrawals }, at: { countsFrom, afterSeq: { 1: afterSeq } } });
  expect(found([late(seq + 1)], [movement(39), movement(200)])).toEqual([]);
  expect(found([late(seq + 1)], [movement(40), movement(200)])).toHaveLength(1);
});

test('a version counts every movement since it began, also one that a slower clock dates before it', () => {
  const at = { countsFrom: new Date(begin + 40_000), afterSeq: { 1: seq } };
  const velocity = rule({ definition: { count: 2, windowSeconds: 600, ...withdrawals }, at });
  expect(found([velocity], [movement(39.98), movement(39.99)])).toHaveLength(1);
});

test('the same movements give the same findings in any portions, even if a wallet has more than are stored', () => {
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

describe('an invalid definition', () => {
  const read = (changes: object) =>
    readContent({ name: 'r', kind: 'velocity', action: 'flag', enabled: true, definition: {}, ...changes }, assets);
  const velocity = { count: 3, windowSeconds: 60, ...withdrawals };
  test.each([
    ['an unknown kind', { kind: 'javascript' }, 'kind must be one of velocity, amount, sum.'],
    ['no object', { definition: [] }, 'definition must be a JSON object.'],
    ['something unknown', { definition: { ...velocity, eval: '1' } }, 'definition has an unknown field "eval"'],
    ['a prototype', { definition: JSON.parse('{"__proto__":{"count":3}}') as object }, 'definition has an unknown field "__proto__"'],
    ['a count of one', { definition: { ...velocity, count: 1 } }, 'definition.count: number of movements: 2 to 500.'],
    ['a count with decimals', { definition: { ...velocity, count: 2.5 } }, 'definition.count'],
    ['a window of zero', { definition: { ...velocity, windowSeconds: 0 } }, 'definition.windowSeconds'],
    ['a window that is too long', { definition: { ...velocity, windowSeconds: 1e9 } }, 'definition.windowSeconds'],
    ['no movements', { definition: { ...velocity, movements: [] } }, 'definition.movements'],
    ['a movement twice', { definition: { ...velocity, movements: ['spend', 'spend'] } }, 'definition.movements'],
    ['an asset by its code', { definition: { ...velocity, assets: ['USD'] } }, 'definition.assets'],
    ['a threshold as a number', { kind: 'amount', definition: { threshold: 1e4, ...withdrawals } }, 'definition.threshold'],
    ['an unknown asset', { definition: { ...velocity, assets: [3, 99] } }, 'there is no asset 99. The assets are 1 (A1), 2 (A2), 3 (A3).'],
    ['a threshold of zero', { kind: 'amount', definition: { threshold: '0', ...withdrawals } }, 'a string of 1 to 38 digits, above zero'],
    ['a threshold below zero', { kind: 'sum', definition: { threshold: '-5', windowSeconds: 9, ...withdrawals } }, 'definition.threshold'],
    ['a window below zero', { definition: { ...velocity, windowSeconds: -1 } }, 'definition.windowSeconds'],
    ['an infinite window', { definition: { ...velocity, windowSeconds: Number.POSITIVE_INFINITY } }, 'definition.windowSeconds'],
    ['an asset number out of range', { definition: { ...velocity, assets: [2 ** 31] } }, 'definition.assets'],
    ['a threshold of 39 digits', { kind: 'amount', definition: { threshold: '1'.repeat(39), ...withdrawals } }, 'definition.threshold'],
    ['a name of spaces', { definition: velocity, name: '  ' }, 'name must be a string'],
    ['a name with a line break', { definition: velocity, name: 'a\r\nBcc: x' }, 'name must be a string'],
    ['an unknown action', { definition: velocity, action: 'delete' }, 'action must be one of'],
    ['a review of spending', { definition: { ...velocity, movements: ['spend'] }, action: 'review' }, 'Only withdrawals'],
  ])('%s is refused with a reason', (_what, changes, mistake) => {
    const content = read(changes);
    expect('mistake' in content ? content.mistake : content).toContain(mistake);
  });
});
