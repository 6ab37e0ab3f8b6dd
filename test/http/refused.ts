/** A refused request: answered with a problem document, and nothing was done. */
import { expect } from 'vitest';
import type { Answer, TestProduct } from './product.ts';

/** The end of the log, without any cache: it does not change when nothing was done. */
export async function headOfLog({ ledger }: Pick<TestProduct, 'ledger'>): Promise<number> {
  return await ledger.read.in({ book: 1 }).lastSeq();
}

/** Expects a problem document with a remedy and without internals, and an unchanged end of the log. */
export async function expectRefused(coffer: Pick<TestProduct, 'ledger'>, seqBefore: number, answer: Answer, status = 400): Promise<void> {
  expect(answer.text).not.toMatch(/FST_|SELECT|Error:|\bat .*\.ts/);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body).toMatchObject({
    status,
    code: expect.stringMatching(/^[a-z_]+$/) as string,
    detail: expect.stringMatching(/\w{3}.*[.]$/) as string,
  });
  expect(answer.status).toBe(status);
  expect(await headOfLog(coffer)).toBe(seqBefore);
}
