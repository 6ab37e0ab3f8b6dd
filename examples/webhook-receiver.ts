// A receiver of webhooks (https://www.standardwebhooks.com): it registers itself, verifies the signature of each call over the bytes that came,
// and handles an event once, though it may be sent again. It ends after the first event. Coffer calls public https addresses only; for an address
// of this machine start it with COFFER_WEBHOOKS_PRIVATE=on. COFFER_TOKEN must be an API key: coffer keys create receiver --scopes
// webhooks:manage,events:read,money:deposit,wallets:open
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Coffer } from 'coffer-client';

const coffer = new Coffer({ url: process.env['COFFER_URL'] ?? 'http://127.0.0.1:3000', token: process.env['COFFER_TOKEN'] });
const run = Date.now().toString(36); // New wallets each time, so that the example can be run again.
const seen = new Set<string>(); // In production: a row of your database, written in one transaction with what you do.
let secret = '';

function isFromCoffer(headers: IncomingHttpHeaders, body: Buffer): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(headers[name]));
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) return false; // Somebody recorded it and plays it again.
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return (signatures ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature.replace('v1,', ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const isGenuine = isFromCoffer(request.headers, body);
  response.writeHead(isGenuine ? 204 : 401).end(); // Answer at once; what takes long is done afterwards.
  if (!isGenuine) return console.log('a call that Coffer did not sign');
  const event = JSON.parse(body.toString()) as { id: string; type: string; subject: string; data: { amount: string } };
  if (seen.has(event.id)) return;
  seen.add(event.id);
  console.log(`${event.type}: ${event.subject.replace(`-${run}`, '')} got ${event.data.amount}`);
  server.emit('handled');
}

const server = createServer((request, response) => void receive(request, response)).listen(0, '127.0.0.1');
await once(server, 'listening');

const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/coffer`;
const { webhook, ...made } = await coffer.createWebhook({ url, types: ['FundsDeposited'], walletId: `jane-${run}` });
secret = made.secret;

console.log(`a forged call is answered ${(await fetch(url, { method: 'POST', body: '{}' })).status}`);
const handled = once(server, 'handled');
await coffer.deposit({ walletId: `jane-${run}`, amount: 800, key: `deposit-${run}` });
await handled;
await coffer.deleteWebhook({ webhookId: webhook.id });
server.close();
server.closeAllConnections();
