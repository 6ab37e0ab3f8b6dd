import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { after, heldRequest } from '../../../../test/support/request.ts';
import type { Called } from '../outbound/index.ts';
import type { Asset } from '../ledger/index.ts';
import type { Change } from './claims.ts';
import { bodyOf, pay, understood } from './paying.ts';
import type { AsyncRequest } from './types.ts';

const retryMs = 1_000;
const inTime = after(1_000);
const tooLate = after(600_000);
const answered = (status: number, body: unknown = '', more: { retryAfterSeconds?: number } = {}): Called => ({
  kind: 'answered',
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  elapsedMs: 1,
  ...more,
});
const noAnswer = (reached: boolean): Called => ({ kind: 'failed', why: 'timeout', elapsedMs: 1, reached });

function made(called: Called, now = inTime, changes: Partial<AsyncRequest> = {}): Change {
  return understood(called, { request: heldRequest(changes), now }, retryMs);
}

describe('a clear answer of the payer', () => {
  test.each([inTime, tooLate])('moves money, also as the last answer: %s', (now) => {
    expect(made(answered(200, { status: 'paid' }), now)).toMatchObject({ status: 'capturing', next: 'now' });
    expect(made(answered(200, { status: 'rejected', reason: 'no such account' }), now)).toMatchObject({
      status: 'releasing',
      next: 'now',
      failure: { code: 'payout_rejected', facts: { reason: 'no such account' } },
    });
  });

  test('"pending" is retried while there is time; as the last answer it means that nothing was paid', () => {
    expect(made(answered(200, { status: 'pending' }))).toMatchObject({ status: 'paying', outcome: 'pending' });
    expect(made(answered(200, { status: 'pending' }), tooLate)).toMatchObject({
      status: 'releasing',
      outcome: 'pending: not paid in time',
    });
  });
});

describe('no word', () => {
  const noAnswers: [string, Called][] = [
    ['no answer', noAnswer(true)],
    ['payer not reached', noAnswer(false)],
    ['an outage', answered(503)],
    ['an outage with an answer', answered(500, { status: 'paid' })],
    ['too many requests', answered(429)],
    ['a conflict', answered(409)],
  ];

  test.each(noAnswers)('is retried while there is time: %s', (_what, called) => {
    expect(made(called)).toMatchObject({ status: 'paying' });
  });

  test.each([
    ...noAnswers,
    ['a redirect', answered(302)] as const,
    ['a refusal', answered(400)] as const,
    ['nonsense', answered(200, 'ok')] as const,
  ])('leaves it uncertain once the time is up, because it may have been paid: %s', (_what, called) => {
    expect(made(called, tooLate)).toMatchObject({ status: 'uncertain' });
    expect(made(called, tooLate).remark).toMatch(/^The time is up, and it is unknown whether the payout was made/);
  });

  test.each([
    ['a redirect', answered(302)],
    ['a refusal', answered(400)],
    ['an unknown answer', answered(200, { status: 'PAID' })],
    ['not an object', answered(200, '[]')],
    ['an address that is not called', { kind: 'refused', why: 'it is private' } as const],
  ])('that no retry can resolve needs an operator: %s', (_what, called) => {
    expect(made(called)).toMatchObject({ status: 'awaiting_approval', next: { at: after(600_000) } });
  });

  test('that was cut off is retried five times, and then needs an operator', () => {
    const cut = answered(200, '{"status":"pa');
    expect([0, 4].map((tries) => made(cut, inTime, { tries }).status)).toEqual(['paying', 'paying']);
    expect(made(cut, inTime, { tries: 5 }).status).toBe('awaiting_approval');
  });

  test('with 202 is "pending"; as the last answer it means nothing', () => {
    expect(made(answered(202))).toMatchObject({ status: 'paying', outcome: 'pending' });
    expect(made(answered(202), tooLate)).toMatchObject({ status: 'uncertain' });
  });
});

describe('any answer', () => {
  const words = fc.oneof(
    fc.constantFrom('paid', 'rejected', 'pending').map((status) => JSON.stringify({ status })),
    fc.json(),
    fc.string(),
  );
  const calls = fc.oneof(
    fc.record({
      kind: fc.constant('answered' as const),
      status: fc.integer({ min: 100, max: 599 }),
      body: words,
      elapsedMs: fc.constant(1),
      retryAfterSeconds: fc.nat({ max: 100_000 }),
    }),
    fc.constantFrom(noAnswer(true), noAnswer(false), { kind: 'refused', why: 'no' } as const),
  );
  const isWord = (called: Called, word: string) => {
    if (called.kind !== 'answered' || called.status < 200 || called.status >= 300) return false;
    try {
      return (JSON.parse(called.body) as { status?: unknown } | null)?.status === word;
    } catch {
      return false;
    }
  };

  test('money moves only on a clear answer, and is released only on a clear answer or on one that did not pay', () => {
    fc.assert(
      fc.property(calls, fc.nat({ max: 1_200_000 }), fc.nat({ max: 50 }), (called, ms, tries) => {
        const { status, next } = made(called, after(ms), { tries });
        expect(status === 'capturing').toBe(isWord(called, 'paid'));
        expect(status === 'releasing').toBe(isWord(called, 'rejected') || (isWord(called, 'pending') && ms >= 600_000));
        // Until the time is up, nothing waits past it.
        const afterMs = typeof next === 'object' && 'afterMs' in next ? next.afterMs : 0;
        expect(afterMs).toBeLessThanOrEqual(ms < 600_000 ? 600_000 - ms : 3_600_000);
      }),
    );
  });
});

test('a reason from outside is truncated to storable text', () => {
  const reason = `\0${'x'.repeat(498)}😀`;
  const { detail = '' } = made(answered(200, { status: 'rejected', reason }));
  expect(detail).toBe(`${'x'.repeat(498)}\u{fffd}`);
});

test('respects the pause that a payer requests, as far as there is time', () => {
  expect(made(answered(503, '', { retryAfterSeconds: 100 })).next).toEqual({ afterMs: 100_000 });
  expect(made(answered(503, '', { retryAfterSeconds: 10_000 })).next).toEqual({ afterMs: 599_000 });
});

const dollars = { id: 3, code: 'USD', scale: 2 } as unknown as Asset;

test('a payer receives what to pay, from which wallet, and the cut-off time', () => {
  expect(JSON.parse(bodyOf(heldRequest({ content: { amount: '300', metadata: '{"order":"A-17"}' } }), dollars))).toEqual({
    type: 'payout.requested',
    request: heldRequest().id,
    wallet: 'w1',
    amount: '300',
    asset: 'USD',
    scale: 2,
    payBefore: after(540_000).toISOString(),
    metadata: { order: 'A-17' },
  });
});

describe('the mark that the payer may have been called', () => {
  const asking = async (called: Called, isFirstAsk: boolean) =>
    await pay(
      { url: 'https://payer.example', secrets: ['whsec_x'], call: () => Promise.resolve(called), callTimeoutMs: 1_000, retryMs },
      { request: heldRequest({ asked: true }), claim: 'c', now: inTime, isFirstAsk },
      dollars,
    );

  test('is removed only if the very first call did not reach the payer', async () => {
    expect(await asking(noAnswer(false), true)).toMatchObject({ status: 'paying', asked: false });
    expect((await asking(noAnswer(false), true)).remark).toMatch(/^The payer has not been called yet, because it cannot be reached/);
    expect((await asking({ kind: 'refused', why: 'no' }, true)).asked).toBe(false);
    for (const [called, isFirst] of [
      [noAnswer(false), false],
      [noAnswer(true), true],
      [answered(500), true],
      [answered(200, { status: 'paid' }), true],
    ] as const)
      expect((await asking(called, isFirst)).asked).toBeUndefined();
  });
});
