import { describe, expect, test } from 'vitest';
import { checkTarget, isPublicAddress } from './guard.ts';
import type { Names } from './names.ts';

const nobody: Names = () => Promise.reject(new Error('no name was to be looked up'));
const leadsTo =
  (...addresses: readonly string[]): Names =>
  () =>
    Promise.resolve(addresses);

async function refusal(url: string, names: Names = nobody, allowPrivate = false): Promise<string | null> {
  const target = await checkTarget(url, allowPrivate, names, AbortSignal.timeout(5_000));
  if ('failed' in target) throw target.failed;
  return 'refused' in target ? target.refused : null;
}

describe('an address in a private network is refused, however it is written', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.0.0.1./',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1:8443/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://192.88.99.1/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://１２７.0.0.1/',
    'https://127。0。0。1/',
    'https://①②⑦.0.0.1/',
    'https://%31%32%37.0.0.1/',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:8.8.8.8]/',
    'https://[::127.0.0.1]/',
    'https://[::ffff:0:127.0.0.1]/',
    'https://[64:ff9b::127.0.0.1]/',
    'https://[64:ff9b:1::10.0.0.1]/',
    'https://[2002:7f00:1::]/',
    'https://[2001:0:7f00:1::]/',
    'https://[2001:db8::1]/',
    'https://[fe80::1]/',
    'https://[fec0::1]/',
    'https://[fc00::1]/',
    'https://[fd12:3456::1]/',
    'https://[ff02::1]/',
    'https://[100::1]/',
    'https://[5f00::1]/',
  ])('%s', async (url) => {
    expect(await refusal(url)).toMatch(/^it resolves to .* not a public address$/);
  });
});

describe('what is not a webhook URL is refused', () => {
  test.each([
    ['http://93.184.215.14/', 'not https'],
    ['https://user@93.184.215.14/', 'user or a password'],
    ['https://:secret@93.184.215.14/', 'user or a password'],
    ['https://93.184.215.14@127.0.0.1/', 'user or a password'],
    ['https://93.184.215.14/#@127.0.0.1', 'fragment'],
    ['https://93.184.215.14:25/', 'port 25'],
    ['https://93.184.215.14:22/', 'port 22'],
    ['https://93.184.215.14:0/', 'port 0'],
    ['https://93.184.215.14:80/', 'port 80'],
    ['https://93.184.215.14:70000/', 'not a URL'],
    ['https:93.184.215.14', 'not a URL'],
    ['https:///93.184.215.14', 'not a URL'],
    ['https:\\\\93.184.215.14\\', 'not a URL'],
    ['https://93.184.215.14\\@127.0.0.1/', 'not a URL'],
    ['https://93.184.215.14/ HTTP/1.1', 'not a URL'],
    ['https://93.184.215.14/\r\nHost: localhost', 'not a URL'],
    [' https://93.184.215.14/', 'not a URL'],
    ['https://[fe80::1%25eth0]/', 'not a URL'],
    ['https://0x100000000/', 'not a URL'],
    ['file:///etc/passwd', 'not a URL'],
    ['ftp://93.184.215.14/', 'not a URL'],
    ['javascript:alert(1)', 'not a URL'],
    ['data:text/plain,hello', 'not a URL'],
    ['https://', 'not a URL'],
    ['', 'not a URL'],
    [`https://93.184.215.14/${'a'.repeat(2_048)}`, 'not a URL'],
  ])('%j: %s', async (url, why) => {
    expect(await refusal(url)).toContain(why);
  });
});

test.each(['https://93.184.215.14/hooks?a=b', 'https://93.184.215.14:443/', 'https://93.184.215.14:8443/', 'https://[2606:4700::1111]/'])(
  'a public address is allowed: %s',
  async (url) => {
    expect(await refusal(url)).toBeNull();
  },
);

test.each(['https://localhost/', 'https://localhost./', 'https://LOCALHOST/', 'https://xn--nxasmq6b/', 'https://example.com./'])(
  'a name is refused for what it resolves to, whatever it is called: %s',
  async (url) => {
    expect(await refusal(url, leadsTo('127.0.0.1'))).toBe('it resolves to 127.0.0.1, which is not a public address');
    expect(await refusal(url, leadsTo('93.184.215.14'))).toBeNull();
  },
);

test('a single private or invalid address among public ones is enough to refuse a name', async () => {
  expect(await refusal('https://example.com/', leadsTo('93.184.215.14', '2606:4700::1111', '10.0.0.1'))).toContain('10.0.0.1');
  expect(await refusal('https://example.com/', leadsTo('93.184.215.14', '::ffff:10.0.0.1'))).toContain('::ffff:10.0.0.1');
  expect(await refusal('https://example.com/', leadsTo('fe80::1%eth0'))).toContain('fe80::1');
  expect(isPublicAddress('not an address')).toBe(false);
});

test('where private addresses are allowed, so are http and any port; everything else is still refused', async () => {
  for (const url of ['http://127.0.0.1:80/', 'https://10.0.0.1:25/', 'http://[::1]:3000/'])
    expect(await refusal(url, nobody, true)).toBeNull();
  for (const url of ['http://a:b@127.0.0.1/', 'http://127.0.0.1/#x', 'ftp://127.0.0.1/'])
    expect(await refusal(url, nobody, true)).not.toBeNull();
});
