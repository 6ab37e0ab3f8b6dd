/** The fixture of most API test files: a separate product with a funded wallet and an empty one. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { startProduct } from './product.ts';
import type { Answer, TestProduct } from './product.ts';
import { expectRefused, headOfLog } from './refused.ts';

type Fixture = {
  readonly coffer: Omit<TestProduct, 'stop'>;
  /** Expects a refusal in a problem document, and an unchanged end of the log. */
  readonly expectRefused: (answer: Answer, status?: number) => Promise<void>;
  /** The end of the log before the test. */
  readonly seqBefore: () => number;
};

/** `w1` holds 1000, `w2` nothing. Call it once, at the top of a file. */
export function useCoffer(): Fixture {
  let started: TestProduct | undefined;
  let seqBefore = 0;
  const product = () => {
    assert(started, 'the product is started before the first test');
    return started;
  };
  beforeAll(async () => {
    started = await startProduct();
    await started.call('POST', '/wallet/w1/deposit', { amount: 1000, requestId: 'funds' });
    await started.call('POST', '/wallet', { id: 'w2' });
  });
  beforeEach(async () => {
    seqBefore = await headOfLog(product());
  });
  afterAll(async () => {
    await started?.stop();
  });
  const coffer: Fixture['coffer'] = {
    get url() {
      return product().url;
    },
    get product() {
      return product().product;
    },
    get ledger() {
      return product().ledger;
    },
    get metadata() {
      return product().metadata;
    },
    get databaseUrl() {
      return product().databaseUrl;
    },
    get pool() {
      return product().pool;
    },
    call: (...request) => product().call(...request),
    login: (userId) => product().login(userId),
  };
  return {
    coffer,
    expectRefused: (answer, status) => expectRefused(product(), seqBefore, answer, status),
    seqBefore: () => seqBefore,
  };
}
