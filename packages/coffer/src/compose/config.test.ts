import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig, settingTable } from './config.ts';

describe('settings', () => {
  test('an empty environment gives the documented defaults', () => {
    const { config } = readConfig({});
    expect(config).toMatchObject({
      http: { host: '127.0.0.1', port: 3000 },
      userService: { host: '127.0.0.1', port: 50_051 },
      walletService: { host: '127.0.0.1', port: 50_052 },
      databaseUrl: undefined,
      jwtSecret: undefined,
      auth: 'open',
      issuer: undefined,
      tls: undefined,
      requestsPerMinute: undefined,
      swaggerEnabled: true,
      logLevel: 'info',
      defaultAsset: 'USD',
    });
    expect(config?.home).toMatch(/[/\\]\.coffer$/);
  });

  test('the documentation pages are off by default where callers need credentials', () => {
    expect(readConfig({ COFFER_AUTH: 'required' }).config?.swaggerEnabled).toBe(false);
    expect(readConfig({ COFFER_AUTH: 'required', ENABLE_SWAGGER: 'on' }).config?.swaggerEnabled).toBe(true);
  });

  test('COFFER_WORKERS is a number of processes, or auto for one for each core', () => {
    expect(readConfig({}).config?.workers).toBe(1);
    expect(readConfig({ COFFER_WORKERS: '4' }).config?.workers).toBe(4);
    expect(readConfig({ COFFER_WORKERS: 'auto' }).config?.workers).toBe(Math.min(256, os.availableParallelism()));
    for (const wrong of ['0', '257', '1.5', 'all']) expect(readConfig({ COFFER_WORKERS: wrong }).problems).toHaveLength(1);
  });

  test('an empty variable means not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ', JWT_SECRET: '' })).toEqual(readConfig({}));
  });

  test('a secret can come from a file; both at once, a missing and an empty file are mistakes; other settings have no file', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-config-'));
    const secret = 'a secret in a file, of 32 bytes or more';
    const [file, empty] = [path.join(folder, 'jwt'), path.join(folder, 'empty')];
    fs.writeFileSync(file, `${secret}\n`);
    fs.writeFileSync(empty, '\n');
    expect(readConfig({ JWT_SECRET_FILE: file }).config?.jwtSecret).toBe(secret);
    expect(readConfig({ COFFER_INTERNAL_SECRET_FILE: file })).toMatchObject({ config: { internalSecret: secret }, warnings: [] });
    expect(readConfig({ JWT_SECRET_FILE: file, JWT_SECRET: secret }).problems).toEqual([
      'JWT_SECRET and JWT_SECRET_FILE are both set: set one of them.',
    ]);
    expect(readConfig({ JWT_SECRET_FILE: path.join(folder, 'none') }).problems?.[0]).toContain('cannot be read (ENOENT)');
    expect(readConfig({ JWT_SECRET_FILE: empty }).problems?.[0]).toContain('names an empty file');
    expect(readConfig({ COFFER_AUTH_FILE: file }).warnings?.[0]).toContain('COFFER_AUTH_FILE is not a setting');
    fs.rmSync(folder, { recursive: true });
  });

  test('all mistakes are listed together, each with its variable', () => {
    const { problems } = readConfig({
      PORT: '70000',
      USER_SERVICE_URL: '0.0.0.0:50051',
      WALLET_SERVICE_URL: 'nowhere',
      HOST: 'http://localhost',
      COFFER_AUTH: 'open',
      COFFER_TLS_CERT: 'cert.pem',
      COFFER_RATE_LIMIT: 'many',
      COFFER_INTERNAL_SECRET: 'short',
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      JWT_SECRET: 'short',
      ENABLE_SWAGGER: 'maybe',
      LOG_LEVEL: 'loud',
      COFFER_DEFAULT_ASSET: 'us dollars',
      COFFER_REQUEST_DAYS: 'forever',
      COFFER_AUDIT: 'perhaps',
      COFFER_AUDIT_DAYS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:hunter2',
    });
    expect(problems?.map((problem) => problem.split(' ')[0])).toEqual([
      'HOST',
      'PORT',
      'WALLET_SERVICE_URL',
      'COFFER_INTERNAL_SECRET',
      'COFFER_RATE_LIMIT',
      'JWT_SECRET',
      'COFFER_TLS_CERT',
      'ENABLE_SWAGGER',
      'DATABASE_URL',
      'COFFER_DEFAULT_ASSET',
      'COFFER_REQUEST_DAYS',
      'COFFER_AUDIT',
      'COFFER_AUDIT_DAYS',
      'LOG_LEVEL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ]);
    expect(problems?.join()).not.toContain('hunter2');
  });

  test('observability: the audit and log files by default, traces when a collector is given', () => {
    expect(readConfig({ COFFER_HOME: '/h' }).config?.observe).toEqual({
      audit: true,
      auditDays: 400,
      logFolder: path.resolve('/h/logs'),
      logRequests: false,
      tracesUrl: null,
    });
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    expect(readConfig(endpoint).config?.observe.tracesUrl).toBe('http://collector:4318');
    expect(readConfig({ ...endpoint, COFFER_TRACES: 'off' }).config?.observe.tracesUrl).toBeNull();
    expect(readConfig({ COFFER_TRACES: 'on' }).config?.observe.tracesUrl).toBe('http://127.0.0.1:4318');
    expect(readConfig({ COFFER_AUDIT: 'off', COFFER_LOG_FILES: 'off' }).config?.observe).toMatchObject({ audit: false, logFolder: null });
  });

  test.each(['127.0.0.1:1', '127.8.9.254:1', 'localhost:1', '[::1]:1'])('%s is an address of this machine', (address) => {
    expect(readConfig({ USER_SERVICE_URL: address }).problems).toBeUndefined();
  });

  test.each(['0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.0.0.1.evil.com:1', 'localhost.evil.com:1', '127.0.0.256:1'])(
    '%s demands credentials, and is refused in open mode, with the remedy',
    (address) => {
      expect(readConfig({ USER_SERVICE_URL: address }).config?.auth).toBe('required');
      expect(readConfig({ WALLET_SERVICE_URL: address, COFFER_AUTH: 'required' }).config?.auth).toBe('required');
      const { problems } = readConfig({ USER_SERVICE_URL: address, COFFER_AUTH: 'open' });
      expect(problems).toEqual([expect.stringMatching(/this machine only.*COFFER_AUTH=required/)]);
    },
  );

  test.each(['0.0.0.0', '::', '[::]', '10.0.0.1', 'coffer.example.com'])('HOST=%s demands credentials', (HOST) => {
    expect(readConfig({ HOST }).config?.auth).toBe('required');
    expect(readConfig({ HOST, COFFER_AUTH: 'open' }).problems?.[0]).toContain('this machine only');
  });

  test('keys of another issuer come over https, or from this machine', () => {
    const issuer = { COFFER_JWT_ISSUER: 'https://login.example.com', COFFER_JWT_AUDIENCE: 'coffer' };
    for (const url of ['https://login.example.com/keys', 'http://127.0.0.1:9/keys', 'http://[::1]:9/keys'])
      expect(readConfig({ ...issuer, COFFER_JWKS_URL: url }).config?.issuer?.jwksUrl).toBe(url);
    for (const url of ['http://login.example.com/keys', 'file:///etc/keys', 'keys'])
      expect(readConfig({ ...issuer, COFFER_JWKS_URL: url }).problems?.[0]).toContain('https URL');
  });

  test('settings that belong together are reported if one is missing', () => {
    expect(readConfig({ COFFER_JWT_ISSUER: 'https://login.example.com' }).problems).toEqual([
      'COFFER_JWKS_URL, COFFER_JWT_ISSUER and COFFER_JWT_AUDIENCE belong together: set all three, or none.',
    ]);
  });

  test('a variable that looks like a setting but is not one causes a warning', () => {
    expect(readConfig({ COFFER_PORT: '1', COFFER_TOKEN: 't', OTHER: 'x', COFFER_AUDIT: 'off' }).warnings).toEqual([
      'COFFER_PORT is not a setting of Coffer and has no effect. See coffer start --help.',
    ]);
  });

  test('a setting under the name that another server uses causes a warning while its replacement is absent', () => {
    const other = { DB_HOST: 'postgres', DB_NAME: '', REDIS_HOST: '127.0.0.1', RABBITMQ_EXCHANGE: 'wallet.events' };
    const fixed = "RABBITMQ_EXCHANGE has no effect: Coffer's exchanges and queues have fixed names, see docs/guides/rabbitmq.md.";
    expect(readConfig(other).warnings).toEqual([
      'DB_HOST has no effect. Set DATABASE_URL instead.',
      'REDIS_HOST has no effect. Set REDIS_URL instead.',
      fixed,
    ]);
    const replaced = { ...other, DATABASE_URL: 'postgres://coffer:secret@127.0.0.1/coffer', REDIS_URL: 'redis://127.0.0.1:6379' };
    expect(readConfig(replaced).warnings?.filter((warning) => warning.includes('no effect'))).toEqual([fixed]);
  });

  test('every row of the table accepts its example, unless that is a description', () => {
    for (const { rows } of settingTable)
      for (const { name, example, secret } of rows) {
        if (example.startsWith('the output of ')) continue;
        const needsOthers = {
          COFFER_JWKS_URL: 1,
          COFFER_JWT_ISSUER: 1,
          COFFER_JWT_AUDIENCE: 1,
          COFFER_TLS_CERT: 1,
          COFFER_TLS_KEY: 1,
          SMTP_URL: 1,
          COFFER_MAIL_FROM: 1,
          COFFER_METADATA_ENCRYPTION: 1,
          COFFER_PAYOUT_URL: 1,
          COFFER_WEBAUTHN_RP_ID: 1,
        };
        const { problems = [] } = readConfig({ [name]: example });
        const ownFault = problems.filter((problem) => problem.startsWith(`${name} is`));
        expect([name, secret, name in needsOthers ? [] : problems, ownFault]).toEqual([name, secret, [], []]);
      }
  });

  test('passkeys belong to the host of their pages or to a domain above it, and need https beyond this machine', () => {
    const passkeys = (env: NodeJS.ProcessEnv) => readConfig(env).config?.factors.passkeys;
    const origin = 'https://wallet.example.com';
    expect(passkeys({})).toBeUndefined();
    expect(passkeys({ COFFER_WEBAUTHN_ORIGIN: origin })).toEqual({ origin, relyingParty: 'wallet.example.com' });
    expect(passkeys({ COFFER_WEBAUTHN_ORIGIN: 'http://localhost:3000' })).toMatchObject({ relyingParty: 'localhost' });
    const above = { COFFER_WEBAUTHN_ORIGIN: origin, COFFER_WEBAUTHN_RP_ID: 'example.com' };
    expect(passkeys(above)).toEqual({ origin, relyingParty: 'example.com' });
    for (const env of [
      { COFFER_WEBAUTHN_ORIGIN: 'http://wallet.example.com' },
      { COFFER_WEBAUTHN_ORIGIN: `${origin}/login` },
      { COFFER_WEBAUTHN_RP_ID: 'example.com' },
      { ...above, COFFER_WEBAUTHN_RP_ID: 'ample.com' },
      { ...above, COFFER_WEBAUTHN_RP_ID: 'other.com' },
    ])
      expect([env, readConfig(env).problems]).toEqual([env, [expect.stringContaining('COFFER_WEBAUTHN')]]);
  });

  test('two services on one port are refused', () => {
    expect(readConfig({ PORT: '50051' }).problems).toEqual(['USER_SERVICE_URL and PORT both use port 50051: choose different ports.']);
  });
});
