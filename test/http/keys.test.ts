import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import { sendRaw } from './raw.ts';
import { headOfLog } from './refused.ts';

const { coffer, expectRefused, seqBefore } = useCoffer();

describe('idempotency keys and versions in headers and bodies', () => {
  const deposit = (body: object, headers: Record<string, string> = {}) => coffer.call('POST', '/wallet/w1/deposit', body, headers);

  test('two different keys in one request are refused; the same key in header and body is one key', async () => {
    await expectRefused(await deposit({ amount: 1, requestId: 'a' }, { 'idempotency-key': 'b' }));
    await expectRefused(await deposit({ amount: 1, requestId: 'a', txId: 'b' }));
    expect((await deposit({ amount: 1, requestId: 'same', txId: 'same' }, { 'idempotency-key': 'same' })).status).toBe(201);
  });

  test('a key is the same in header and body, even if it is not ASCII', async () => {
    const first = await deposit({ amount: 2, requestId: 'clé' });
    const again = await deposit({ amount: 2 }, { 'idempotency-key': Buffer.from('clé').toString('latin1') });
    expect(again.text).toBe(first.text);
    expect((await deposit({ amount: 2, txId: 'clé' })).headers.get('idempotency-replayed')).toBe('true');
  });

  test('several Idempotency-Key headers, or one that is not text, are refused', async () => {
    const body = '{"amount":1}';
    const raw = (headers: string) =>
      sendRaw(
        coffer.url,
        Buffer.from(
          `POST /wallet/w1/deposit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
          'latin1',
        ),
      );
    expect(await raw('Idempotency-Key: a\r\nIdempotency-Key: b\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw('Idempotency-Key: \xff\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await raw('Idempotency-Key: \r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await headOfLog(coffer)).toBe(seqBefore());
  });

  test('a key with other content is refused with 409 and changes nothing', async () => {
    const answer = await coffer.call('POST', '/wallet/w1/withdraw', { amount: 1, requestId: 'funds' });
    await expectRefused(answer, 409);
    expect(answer.body).toMatchObject({ code: 'idempotency_key_reused', requestId: 'funds' });
    await expectRefused(await deposit({ amount: 1001, requestId: 'funds' }), 409);
  });

  test('two requests without a key are two operations, and each answer returns its generated key', async () => {
    const [one, other] = await Promise.all([deposit({ amount: 1 }), deposit({ amount: 1 })]);
    expect(one.body['requestId']).not.toBe(other.body['requestId']);
    expect(one.headers.get('idempotency-key')).toBe(one.body['requestId']);
    const again = await deposit({ amount: 1, requestId: one.body['requestId'] });
    expect(again.text).toBe(one.text);
  });

  test('a refusal is stored: a retry gets the same answer, marked as replayed, even after a deposit', async () => {
    const ask = () => coffer.call('POST', '/wallet/w2/withdraw', { amount: 50, requestId: 'too-much' });
    const first = await ask();
    expect(first).toMatchObject({
      status: 422,
      body: { code: 'insufficient_funds', available: '0', requested: '50', requestId: 'too-much' },
    });
    await coffer.call('POST', '/wallet/w2/deposit', { amount: 100 });
    const again = await ask();
    expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([422, first.text, 'true']);
  });

  test('If-Match and expectedVersion: the current version passes, a stale one is refused with the current one', async () => {
    const version = Number((await coffer.call('GET', '/wallet/w1')).body['version']);
    expect((await deposit({ amount: 1 }, { 'if-match': `"${version}"` })).body['version']).toBe(version + 1);
    const stale = await deposit({ amount: 1, expectedVersion: version });
    expect(stale).toMatchObject({
      status: 409,
      body: { code: 'version_stale', expectedVersion: String(version), currentVersion: String(version + 1) },
    });
    expect((await deposit({ amount: 1, expectedVersion: version + 1 })).status).toBe(201);
  });

  test.each(['*', '1', 'W/"1"', '"x"', '"1", "2"', '""', '"-1"', '"01"'])('If-Match: %s is refused', async (header) => {
    await expectRefused(await deposit({ amount: 1 }, { 'if-match': header }));
  });

  test('If-Match is refused where a wallet is opened, which has no version yet', async () => {
    const open = async (headers = {}) => await coffer.call('POST', '/wallet', { id: 'unversioned' }, headers);
    const refused = await open({ 'if-match': '"0"' });
    await expectRefused(refused);
    expect(refused.body['detail']).toBe('A wallet that is being opened takes no If-Match and no metadata.');
    expect((await open()).status).toBe(201);
  });
});
