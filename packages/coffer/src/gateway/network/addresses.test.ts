import { expect, test } from 'vitest';
import { readConfig } from '../../compose/config.ts';
import { addressIn, networkKeyOf } from './addresses.ts';

const proxies = (text?: string) => readConfig({ COFFER_TRUSTED_PROXIES: text });

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['[::1]', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
])('limits count %s as %s', (address, key) => {
  expect(networkKeyOf(address)).toBe(key);
});

test('no proxy is trusted unless named, by address, range or loopback', () => {
  expect(proxies().config?.trustedProxies).toEqual([]);
  expect(proxies(' 10.0.0.7, 192.168.0.0/16,fd00::/8 ,2001:db8::1,Loopback').config?.trustedProxies).toEqual([
    { address: '10.0.0.7', bits: 32, family: 'ipv4' },
    { address: '192.168.0.0', bits: 16, family: 'ipv4' },
    { address: 'fd00::', bits: 8, family: 'ipv6' },
    { address: '2001:db8::1', bits: 128, family: 'ipv6' },
    { address: '127.0.0.0', bits: 8, family: 'ipv4' },
    { address: '::1', bits: 128, family: 'ipv6' },
  ]);
});

test.each([
  'proxy.example.com',
  'true',
  '1',
  '10.0.0',
  '10.0.0.256',
  '010.0.0.1',
  '10.0.0.0/33',
  'fd00::/129',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '10.0.0.0/255.0.0.0',
  '10.0.0.1:80',
  '[::1]',
  'fe80::1%eth0',
  '::ffff:10.0.0.1',
  '10.0.0.1,,10.0.0.2',
  '10.0.0.1;10.0.0.2',
  '１０.0.0.1',
])('%s is refused, with a remedy', (text) => {
  const { problems } = proxies(text);
  expect(problems).toHaveLength(1);
  expect(problems?.[0]).toMatch(/^COFFER_TRUSTED_PROXIES is ".*": give addresses and ranges of the proxies in front.* such as 10\.0\.0\.7/);
});

test.each(['0.0.0.0/0', '::/0', '10.0.0.1,0.0.0.0/0'])('%s would trust every address, and is refused', (text) => {
  expect(proxies(text).problems?.[0]).toMatch(/give only the addresses of your proxies: .* covers every address/);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:41234', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['[::FFFF:cb00:7107]:80', '203.0.113.7'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', null],
  ['', null],
  ['_hidden', null],
  ['999.1.1.1', null],
  ['203.0.113.7:x', null],
  ['203.0.113.7\0', null],
  ['٢٠٣.0.113.7', null],
  ['1'.repeat(100), null],
])('%j is the address %s', (text, address) => {
  expect(addressIn(text)).toBe(address);
});
