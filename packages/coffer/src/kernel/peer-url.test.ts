import { describe, expect, test } from 'vitest';
import { peerUrl } from './peer-url.ts';

const { parse, warn } = peerUrl(['amqp:', 'amqps:', 'redis:', 'rediss:', 'smtp:', 'smtps:', 'postgres:', 'postgresql:'], 'a URL');
const isAccepted = (text: string) => 'value' in parse(text);

describe('to another machine', () => {
  test.each([
    'amqps://guest:guest@mq.example.com',
    'amqps://mq.example.com',
    'amqp://Guest:GUEST@10.0.0.7:5672/vhost',
    'amqps://shop:shop@mq.example.com',
    'rediss://:redis@cache.example.com:6379/0',
    'rediss://default:changeme@cache.example.com',
    'smtps://mailer:password@mail.example.com',
    'postgres://postgres:postgres@db.example.com/coffer?sslmode=verify-full',
    'postgresql://coffer:%63offer@db.example.com/coffer',
    'postgres://coffer:secret@[2001:db8::1]:5432/coffer',
    'postgres://coffer:secret@127.0.0.1/coffer?host=db.example.com',
  ])('a password that everybody knows is refused: %s', (text) => {
    expect(parse(text)).toEqual({ instead: expect.stringContaining('well-known') as unknown });
  });

  test.each([
    ['amqp://shop:k3Gq9@mq.example.com', 'use amqps:'],
    ['redis://:k3Gq9@cache.example.com', 'use rediss:'],
    ['smtp://mailer:k3Gq9@mail.example.com:587', 'use smtps:, or add ?requireTLS=true'],
    ['postgres://shop:k3Gq9@db.example.com/coffer', 'add ?sslmode=verify-full'],
    ['postgresql://shop:k3Gq9@db.example.com/coffer?sslmode=disable', 'add ?sslmode=verify-full'],
    ['rediss://cache.example.com', 'without a password'],
  ])('a risk is warned of, without the password: %s', (text, remedy) => {
    expect(isAccepted(text)).toBe(true);
    expect(warn?.(text)).toContain(remedy);
    expect(warn?.(text)).not.toContain('k3Gq9');
  });

  test.each([
    'amqps://shop:k3Gq9@mq.example.com',
    'rediss://:k3Gq9@cache.example.com',
    'smtps://mail.example.com',
    'smtp://mail.example.com?requireTLS=true',
    'postgres://shop@db.example.com/coffer?sslmode=verify-full',
    'postgres://shop:k3Gq9@db.example.com/coffer?ssl=true',
  ])('with TLS and a password of its own there is nothing to say: %s', (text) => {
    expect([isAccepted(text), warn?.(text)]).toEqual([true, null]);
  });
});

test.each([
  'amqp://guest:guest@127.0.0.1:5672',
  'amqp://localhost',
  'redis://[::1]:6379',
  'smtp://localhost:25',
  'postgres://postgres:postgres@localhost:5432/coffer',
  'postgres:///coffer?host=/var/run/postgresql',
])('on this machine everything is accepted, silently: %s', (text) => {
  expect([isAccepted(text), warn?.(text)]).toEqual([true, null]);
});

test('what is not such a URL is refused with an example', () => {
  for (const text of ['http://guest@mq', 'mq.example.com', '']) expect(parse(text)).toEqual({ instead: 'a URL' });
});
