import { status as grpcStatus } from '@grpc/grpc-js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failureOf, ledgerFailure } from '../grpc/statuses.ts';
import { problem, problemBody } from '../http/problem.ts';
import { explain, explainRefusal, ledgerProblems, problemTable, templateOfProblem, walletProblems } from './index.ts';
import type { ProblemCode } from './index.ts';

const noAssets = { find: () => undefined };
const codes = Object.keys(problemTable) as ProblemCode[];
const factsOf = (code: ProblemCode) => [...templateOfProblem(code).matchAll(/‹(\w+)›/g)].map(([, name = '']) => name);

test.each(codes)('%s has a status over both transports, a title, and a detail that ends with the remedy', (code) => {
  const { http, grpc, title, detail, remedy } = problemTable[code];
  expect(http).toBeGreaterThanOrEqual(400);
  expect(http).toBeLessThan(600);
  expect(grpcStatus[grpc]).toBeGreaterThan(0);
  expect(title).toMatch(/^[A-Z].*\.$/);
  for (const text of [detail, remedy]) {
    const sentence = typeof text === 'function' ? text({}) : text;
    // A path, a command or a fact may begin a sentence.
    expect(sentence).toMatch(/^[A-Z/"‹].*([.›])$/s);
  }
});

test.each(codes)('%s reads the same over both transports, including all its facts', (code) => {
  fc.assert(
    fc.property(
      fc.record(Object.fromEntries(factsOf(code).map((name) => [name, fc.string({ unit: 'grapheme', minLength: 1 })]))),
      (facts) => {
        const overRest = problem(code, { facts });
        const overGrpc = failureOf(code, { facts });
        expect(overGrpc).toMatchObject({ code: overRest.code, details: overRest.detail.toWellFormed() });
        for (const fact of Object.values(facts)) expect(overGrpc.details).toContain(fact.toWellFormed());
        expect(JSON.parse(problemBody(overRest))).toMatchObject({
          type: `urn:coffer:problem:${code}`,
          code,
          status: problemTable[code].http,
        });
      },
    ),
    { numRuns: 20 },
  );
});

test.each(Object.keys({ ...ledgerProblems, ...walletProblems }) as ProblemCode[])(
  '%s names no path of REST, because gRPC says the same',
  (code) => {
    expect(templateOfProblem(code)).not.toMatch(/\b(GET|POST|PUT|PATCH|DELETE) \//);
  },
);

test('a fact that looks like a placeholder is not expanded, and a missing fact expands to nothing', () => {
  expect(explain('hold_not_found', { hold: '‹wallet›', wallet: 'w1' })).toContain('There is no hold "‹wallet›".');
  expect(explain('hold_not_found')).toContain('There is no hold "".');
});

test('a refusal for lack of treasury funds does not reveal how much the treasury holds', () => {
  const refusal = { code: 'insufficient_funds', facts: { wallet: '$treasury/1', available: '999700', requested: '1000000' } } as const;
  const sentence = 'The treasury does not hold enough. Retry with a new key and a smaller amount.';
  expect(explainRefusal(refusal, null, noAssets)).toEqual({
    code: 'insufficient_funds',
    facts: { requested: '1000000' },
    detail: sentence,
  });
  expect(ledgerFailure(refusal, null, noAssets)).toEqual({
    status: grpcStatus.FAILED_PRECONDITION,
    code: 'insufficient_funds',
    details: sentence,
  });
});
