import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

describe('settings', () => {
  test('an empty environment gives the documented defaults', () => {
    const { config } = readConfig({});
    expect(config).toMatchObject({
      http: { host: '127.0.0.1', port: 3000 },
      userService: { host: '127.0.0.1', port: 50_051 },
      walletService: { host: '127.0.0.1', port: 50_052 },
      databaseUrl: undefined,
      jwtSecret: undefined,
      swaggerEnabled: true,
      logLevel: 'info',
      defaultAsset: 'USD',
    });
    expect(config?.home).toMatch(/[/\\]\.coffer$/);
  });

  test('an empty variable means not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ', JWT_SECRET: '' })).toEqual(readConfig({}));
  });

  test('all mistakes are listed at once, each with its variable', () => {
    const { problems } = readConfig({
      PORT: '70000',
      USER_SERVICE_URL: '0.0.0.0:50051',
      WALLET_SERVICE_URL: 'nowhere',
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      JWT_SECRET: 'short',
      ENABLE_SWAGGER: 'maybe',
      LOG_LEVEL: 'loud',
      COFFER_DEFAULT_ASSET: 'us dollars',
    });
    expect(problems?.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'USER_SERVICE_URL',
      'WALLET_SERVICE_URL',
      'DATABASE_URL',
      'JWT_SECRET',
      'ENABLE_SWAGGER',
      'LOG_LEVEL',
      'COFFER_DEFAULT_ASSET',
    ]);
    expect(problems?.join()).not.toContain('hunter2');
  });

  test.each(['127.0.0.1:1', '127.8.9.254:1', 'localhost:1', '[::1]:1'])('%s is an address of this machine', (address) => {
    expect(readConfig({ USER_SERVICE_URL: address }).problems).toBeUndefined();
  });

  test.each(['0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.0.0.1.evil.com:1', 'localhost.evil.com:1', '127.0.0.256:1'])(
    '%s is refused while no credentials are asked',
    (address) => {
      expect(readConfig({ USER_SERVICE_URL: address }).problems?.[0]).toContain('this machine only');
    },
  );

  test('two services on one port are refused', () => {
    expect(readConfig({ PORT: '50051' }).problems).toEqual(['USER_SERVICE_URL and PORT both use port 50051: give each its own.']);
  });
});
