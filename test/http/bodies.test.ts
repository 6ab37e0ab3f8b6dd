import { describe, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';

const { coffer, expectRefused } = useCoffer();

describe('text that cannot be stored unchanged, or that two parsers could read differently, is refused', () => {
  const bodies: [string, string | Buffer][] = [
    ['not JSON', '{"amount":'],
    ['an empty body', ''],
    ['white space', '  '],
    ['JSON null', 'null'],
    ['an array', '[{"amount":1}]'],
    ['a number', '1'],
    ['two documents', '{"amount":1}{"amount":1}'],
    ['a comment', '{"amount":1/**/}'],
    ['a byte order mark', '\ufeff{"amount":1}'],
    ['a key twice', '{"amount":1,"amount":1}'],
    ['a key twice, once escaped', '{"amount":1,"\\u0061mount":2}'],
    ['a key twice further down', '{"amount":1,"metadata":{"a":[{"b":1,"b":2}]}}'],
    ['__proto__', '{"amount":1,"__proto__":{"admin":true}}'],
    ['__proto__ as a value', '{"__proto__":1,"amount":1}'],
    ['__proto__, escaped', '{"amount":1,"\\u005f_proto__":{}}'],
    ['__proto__ in the metadata', '{"amount":1,"metadata":{"__proto__":{"admin":true}}}'],
    ['constructor', '{"amount":1,"constructor":{"prototype":{}}}'],
    ['an unknown property', '{"amount":1,"amout":2}'],
    ['depth 10,000 of arrays', `{"amount":1,"metadata":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`],
    ['depth 10,000 of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['depth 400,000, never closed', '['.repeat(400_000)],
    ['metadata six levels deep', '{"amount":1,"metadata":{"a":{"b":{"c":{"d":{"e":{}}}}}}}'],
    ['metadata of more than 4 KiB', JSON.stringify({ amount: 1, metadata: { a: 'x'.repeat(4090) } })],
    ['metadata that is no object', '{"amount":1,"metadata":[1]}'],
    ['a rounded number in the metadata', '{"amount":1,"metadata":{"id":9007199254740993}}'],
    ['an infinite number in the metadata', '{"amount":1,"metadata":{"id":1e400}}'],
    ['a number that only seems whole in the metadata', '{"amount":1,"metadata":{"id":1.00000000000000000001}}'],
    ['a fraction with more digits than are kept in the metadata', '{"amount":1,"metadata":{"id":0.1234567890123456789}}'],
    ['a fraction with more digits than are kept, in a list', '{"amount":1,"metadata":{"a":[3.14159265358979323846]}}'],
    ['a number too small to be kept in the metadata', '{"amount":1,"metadata":{"id":1e-400}}'],
    ['a rounded number with a point in the metadata', '{"amount":1,"metadata":{"id":9007199254740993.0}}'],
    ['NUL in the metadata', '{"amount":1,"metadata":{"a":"\\u0000"}}'],
    ['NUL in a key of the metadata', '{"amount":1,"metadata":{"\\u0000":1}}'],
    ['NUL in the idempotency key', '{"amount":1,"requestId":"a\\u0000b"}'],
    ['raw NUL', '{"amount":1,"requestId":"a\0b"}'],
    ['a line break in the idempotency key', '{"amount":1,"requestId":"a\\nb"}'],
    ['an empty idempotency key', '{"amount":1,"requestId":""}'],
    ['an idempotency key of 129 characters', JSON.stringify({ amount: 1, requestId: 'k'.repeat(129) })],
    ['an idempotency key that is a number', '{"amount":1,"requestId":7}'],
    ['half of a surrogate pair', '{"amount":1,"requestId":"\\ud800"}'],
    ['the other half', '{"amount":1,"requestId":"a\\uDC00b"}'],
    ['half of a surrogate pair in the metadata', '{"amount":1,"metadata":{"a":"\\ud83d"}}'],
    ['bytes that are no UTF-8', Buffer.from([...Buffer.from('{"amount":1,"requestId":"'), 0xff, 0xfe, ...Buffer.from('"}')])],
    ['an overlong encoding', Buffer.from([...Buffer.from('{"amount":1,"requestId":"'), 0xc0, 0x80, ...Buffer.from('"}')])],
    ['an encoded surrogate', Buffer.from([...Buffer.from('{"amount":1,"requestId":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])],
    ['UTF-16', Buffer.from('{"amount":1}', 'utf16le')],
    ['a key of 1 MB', `{"amount":1,"${'k'.repeat(1_000_000)}":1}`],
    ['an idempotency key of 1 MB', `{"amount":1,"requestId":"${'k'.repeat(1_000_000)}"}`],
    ['a million backslashes', `{"amount":1,"requestId":"${'\\'.repeat(1_000_000)}"}`],
    ['a quarter of a million keys', `{"amount":1,${Array.from({ length: 60_000 }, (_, at) => `"k${at}":1`).join(',')}}`],
    ['an asset that is an object', '{"amount":1,"asset":{}}'],
    ['an empty asset', '{"amount":1,"asset":""}'],
    ['a negative version', '{"amount":1,"expectedVersion":-1}'],
    ['a version that is text', '{"amount":1,"expectedVersion":"1"}'],
    ['an unsafe version', '{"amount":1,"expectedVersion":9007199254740993}'],
  ];
  test.each(bodies)('%s', async (_what, body) => {
    await expectRefused(await coffer.call('POST', '/wallet/w1/deposit', body));
    await expectRefused(await coffer.call('POST', '/wallet/w1/transfer', body));
  });

  test('valid text is stored unchanged: emoji, right-to-left, 128 characters', async () => {
    for (const requestId of [
      '💰'.repeat(64),
      '\u202eabc\u05d0',
      'k'.repeat(128),
      "'; drop table ledger.entry; --",
      '../../x',
      '%00',
      '$debit',
    ]) {
      const { status, body } = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1, requestId, metadata: { note: requestId } });
      expect([status, body['requestId']]).toEqual([201, requestId]);
      const kept = await coffer.call('GET', `/wallet/w1/operations/${encodeURIComponent(requestId)}`);
      expect(kept.body).toMatchObject({ requestId, metadata: { note: requestId } });
    }
    expect((await coffer.call('GET', '/events?limit=500')).status).toBe(200);
  });

  test('numbers in metadata keep their values in any notation', async () => {
    const spelt = '[1.0,1e2,-0.50,12.5E-1,0.1,1.5e+3,0.0,0e9,100.0e-2,123456.789,1e-7,0.00000012,-0.0]';
    const { body } = await coffer.call('POST', '/wallet/w1/deposit', `{"amount":1.0e1,"metadata":{"numbers":${spelt}}}`);
    expect(body['amount']).toBe('10');
    const kept = (await coffer.call('GET', `/operations/${String(body['operationId'])}`)).body['metadata'];
    expect(kept).toEqual({ numbers: [1, 100, -0.5, 1.25, 0.1, 1500, 0, 0, 1, 123456.789, 1e-7, 1.2e-7, 0] });
  });

  test('strings that contain escapes, colons and braces are parsed correctly', async () => {
    const metadata = { 'a:b': '{"x":1,"x":2}', '\\': 'e1.5E', '"': ':::', list: [1.5, -0.25, 1e-7, { deep: null, yes: true }] };
    const { body } = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1, requestId: 'escapes', metadata });
    expect((await coffer.call('GET', `/operations/${String(body['operationId'])}`)).body['metadata']).toEqual(metadata);
  });
});
