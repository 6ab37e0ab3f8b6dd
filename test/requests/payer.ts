/** A typical payout system: an HTTP server that verifies signatures and pays once for each id. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { PayoutConfig } from '../../packages/coffer/src/requests/settings.ts';
import { pause } from '../support/load.ts';

export type Payout = {
  readonly type: string;
  readonly request: string;
  readonly wallet: string;
  readonly amount: string;
  readonly asset: string;
  readonly scale: number;
  readonly payBefore: string;
  readonly metadata: Record<string, unknown>;
};

/** `cut`: the answer is lost on the way. `text`: sent verbatim. */
export type Said = {
  readonly status?: number;
  readonly body?: object;
  readonly text?: string;
  readonly cut?: boolean;
  readonly afterMs?: number;
  readonly headers?: Record<string, string>;
};

export type Payer = {
  readonly payout: Extract<PayoutConfig, { kind: 'webhook' }>;
  /** The requests it received, in order, with their ids. */
  readonly asked: { readonly id: string; readonly payout: Payout }[];
  /** The amounts paid out, by id. */
  readonly paid: Map<string, string>;
  /** The requests with an invalid signature. */
  readonly forged: number;
  /** Sets its answers from now on; `count`: number of the request for the same id, from 1. */
  says(answer: (payout: Payout, count: number) => Said): void;
  stop(): Promise<void>;
};

export const secret = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;

export async function startPayer({ timeoutSeconds = 60, port = 0 } = {}): Promise<Payer> {
  const webhook = new Webhook(secret);
  const asked: Payer['asked'] = [];
  const paid = new Map<string, string>();
  let forged = 0;
  let answer: (payout: Payout, count: number) => Said = () => ({ body: { status: 'paid' } });
  const serve = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const text = await readAll(request);
    let payout: Payout;
    try {
      payout = webhook.verify(text, request.headers as Record<string, string>) as Payout;
    } catch {
      forged++;
      response.writeHead(401).end();
      return;
    }
    const id = String(request.headers['webhook-id']);
    asked.push({ id, payout });
    const said = answer(payout, asked.filter((one) => one.id === id).length);
    if (said.body && 'status' in said.body && said.body.status === 'paid') paid.set(id, payout.amount);
    await pause(said.afterMs ?? 0);
    if (said.cut) request.socket.destroy();
    else
      response
        .writeHead(said.status ?? 200, { 'content-type': 'application/json', ...said.headers })
        .end(said.text ?? JSON.stringify(said.body));
  };
  // A caller that disconnected does not matter here.
  const server = http.createServer((request, response) => void serve(request, response).catch(() => undefined));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/payouts`;
  return {
    payout: { kind: 'webhook', url, secrets: [secret], timeoutSeconds },
    asked,
    paid,
    get forged() {
      return forged;
    },
    says: (next) => {
      answer = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readAll(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
