import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;

test('no external system is used unless it is configured', () => {
  expect(readConfig({}).config?.peers).toEqual({
    rabbitmqUrl: undefined,
    redisUrl: undefined,
    cachedReads: true,
    mail: undefined,
    payout: { kind: 'none' },
    privateWebhooks: false,
  });
});

test('a payout URL with a secret makes withdrawals wait for the system there', () => {
  const settings = { COFFER_PAYOUT_URL: 'https://pay.example.com/out', COFFER_PAYOUT_SECRET: secret, COFFER_PAYOUT_TIMEOUT: '60' };
  expect(readConfig(settings).config?.peers.payout).toEqual({
    kind: 'webhook',
    url: 'https://pay.example.com/out',
    secrets: [secret],
    timeoutSeconds: 60,
  });
  expect(readConfig({ COFFER_PAYOUT: 'approval' }).config?.peers.payout).toEqual({ kind: 'approval', timeoutSeconds: 86_400 });
  expect(readConfig({ ...settings, COFFER_PAYOUT: 'none' }).config?.peers.payout).toEqual({ kind: 'none' });
});

test('mistakes are reported with the variable and its remedy, without possible passwords', () => {
  const { problems } = readConfig({
    RABBITMQ_URL: 'http://guest:hunter2@mq',
    REDIS_URL: 'hunter2@cache',
    SMTP_URL: 'smtp://mail.example.com',
    COFFER_PAYOUT_URL: 'http://pay.example.com',
    COFFER_PAYOUT_SECRET: 'hunter2',
    COFFER_PAYOUT_TIMEOUT: '0',
    COFFER_WEBHOOKS_PRIVATE: 'maybe',
  });
  expect(problems?.map((problem) => problem.split(' ')[0])).toEqual([
    'COFFER_PAYOUT_URL',
    'COFFER_PAYOUT_SECRET',
    'COFFER_PAYOUT_TIMEOUT',
    'SMTP_URL',
    'COFFER_WEBHOOKS_PRIVATE',
    'RABBITMQ_URL',
    'REDIS_URL',
  ]);
  expect(problems?.join()).not.toContain('hunter2');
  expect(readConfig({ COFFER_PAYOUT: 'webhook' }).problems?.[0]).toContain('also set COFFER_PAYOUT_URL and COFFER_PAYOUT_SECRET');
  expect(readConfig({ COFFER_PAYOUT: 'sometimes' }).problems?.[0]).toContain('none, approval or webhook');
});

test('passwords that everybody knows are mistakes, and connections without TLS are warnings, for every server of another machine', () => {
  const known = readConfig({
    DATABASE_URL: 'postgres://postgres:postgres@db.example.com/coffer',
    COFFER_MIGRATION_URL: 'postgres://owner:owner@db.example.com/coffer',
    RABBITMQ_URL: 'amqp://guest:guest@mq.example.com',
    REDIS_URL: 'redis://:redis@cache.example.com',
    SMTP_URL: 'smtp://mailer:changeme@mail.example.com',
    COFFER_MAIL_FROM: 'coffer@example.com',
  });
  expect(known.problems?.filter((problem) => problem.includes('well-known')).length).toBe(5);
  const plain = readConfig({
    DATABASE_URL: 'postgres://shop:k3Gq9@db.example.com/coffer',
    RABBITMQ_URL: 'amqp://shop:k3Gq9@mq.example.com',
    REDIS_URL: 'redis://:k3Gq9@cache.example.com',
    SMTP_URL: 'smtp://mailer:k3Gq9@mail.example.com',
    COFFER_MAIL_FROM: 'coffer@example.com',
  });
  expect(plain.problems).toBeUndefined();
  expect(new Set(plain.warnings?.map((warning) => warning.split(' ')[0]))).toEqual(
    new Set(['DATABASE_URL', 'RABBITMQ_URL', 'REDIS_URL', 'SMTP_URL']),
  );
});
