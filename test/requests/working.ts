/** A server over HTTP with a worker for asynchronous requests. */
import { expect } from 'vitest';
import { startRequestRunner } from '../../packages/coffer/src/requests/index.ts';
import type { RequestWork } from '../../packages/coffer/src/requests/index.ts';
import { startProduct } from '../http/product.ts';
import type { Answer, TestProduct } from '../http/product.ts';

export type Body = Record<string, unknown>;

export type Working = TestProduct & {
  /** Starts another worker. */
  work(changes?: Partial<RequestWork>): { stop(): Promise<void> };
  /** Sends an asynchronous request; returns the body of the 202. */
  later(path: string, body: object, headers?: Record<string, string>): Promise<Body>;
  /** The request once it is in one of these states. */
  until(id: unknown, ...statuses: string[]): Promise<Body>;
  balance(wallet: string): Promise<{ balance: unknown; held: unknown }>;
  /** Claims on requests that are not finished, of workers that live and of those that died. */
  claims(): Promise<string[]>;
};

const neverCalled: RequestWork['call'] = async () => await Promise.reject(new Error('unexpected payer call'));

export async function startWorking(...product: Parameters<typeof startProduct>): Promise<Working> {
  const coffer = await startProduct(...product);
  const { databaseUrl, ledger, metadata } = coffer;
  const { commands, log } = coffer.product;
  const workers = new Set<{ stop(): Promise<void> }>();
  const get = async (path: string): Promise<Body> => (await coffer.call('GET', path)).body;
  return {
    ...coffer,
    work: (changes = {}) => {
      const runner = startRequestRunner({
        url: databaseUrl,
        log,
        ledger,
        commands,
        metadata,
        payout: { kind: 'none' },
        call: neverCalled,
        pollMs: 50,
        retryMs: 20,
        ...changes,
      });
      workers.add(runner);
      return {
        stop: async () => {
          workers.delete(runner);
          await runner.stop();
        },
      };
    },
    later: async (path, body, headers) => {
      const answer: Answer = await coffer.call('POST', path, { ...body, async: true }, headers);
      expect([answer.status, answer.text]).toEqual([202, answer.text]);
      return answer.body;
    },
    until: async (id, ...statuses) => {
      await expect
        .poll(async () => (await get(`/requests/${String(id)}`))['status'], {
          interval: 20,
          timeout: 240_000,
          message: `the status of request ${String(id)}`,
        })
        .toBeOneOf(statuses);
      return await get(`/requests/${String(id)}`);
    },
    claims: async () => {
      const { rows } = await coffer.pool.query<{ claim: string }>('select claim from requests.request where claim is not null');
      return rows.map(({ claim }) => claim);
    },
    balance: async (wallet) => {
      const { balance, held } = await get(`/wallet/${wallet}`);
      return { balance, held };
    },
    stop: async () => {
      await Promise.all([...workers].map((worker) => worker.stop()));
      await coffer.stop();
    },
  };
}
