import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperatorError, readGroup } from '../kernel/index.ts';
import { evidenceSettings } from './settings.ts';
import { lineOf, newKeyPair, readPublicKey, readShipped, readSigningKey } from './index.ts';

let folder: string;
let keyFile: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-evidence-'));
  keyFile = path.join(folder, 'key.pem');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const head = {
  ledger: '9b4c2c57-0000-4000-8000-000000000000',
  book: 1,
  batchNo: 401,
  lastSeq: 102_002,
  hash: '27b6766d'.repeat(8),
  at: '2026-11-21T02:21:24.118Z',
};

function shippedFile(...lines: string[]): string {
  const file = path.join(folder, 'shipped.jsonl');
  fs.writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

function read(env: Record<string, string>) {
  const mistakes: string[] = [];
  const { checkpoints } = readGroup(evidenceSettings, env, (sentence) => mistakes.push(sentence));
  return { ...checkpoints, mistakes };
}

describe('a signed line', () => {
  test('is verified by its public key, and by another program from the documented text', () => {
    const { publicFile } = newKeyPair(keyFile);
    const line = lineOf(head, readSigningKey(read({ COFFER_CHECKPOINT_KEY_FILE: keyFile })));
    expect(readShipped([shippedFile(line)], readPublicKey(publicFile))).toEqual({ checkpoints: [head], audit: [], rejected: [] });
    const { signature } = JSON.parse(line) as { signature: string };
    const text = `coffer checkpoint\n${head.ledger}\n1\n401\n102002\n${head.hash}\n${head.at}`;
    const key = createPublicKey(fs.readFileSync(publicFile, 'utf8'));
    expect(verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))).toBe(true);
  });

  test.each(Object.keys(head))('is rejected after a change of its %s', (part) => {
    const { publicFile } = newKeyPair(keyFile);
    const line = JSON.parse(lineOf(head, readSigningKey(read({ COFFER_CHECKPOINT_KEY_FILE: keyFile })))) as Record<string, unknown>;
    const value = line[part];
    const changed = typeof value === 'number' ? value + 1 : `${String(value).slice(0, -1)}5`;
    const { checkpoints, rejected } = readShipped([shippedFile(JSON.stringify({ ...line, [part]: changed }))], readPublicKey(publicFile));
    expect(checkpoints).toEqual([]);
    expect(rejected).toEqual([{ at: `line 1 of ${path.join(folder, 'shipped.jsonl')}`, found: 'another one' }]);
  });

  test('is rejected when it is unsigned, signed by another key, or signed with nonsense', () => {
    const { publicFile } = newKeyPair(keyFile);
    const other = generateKeyPairSync('ed25519').privateKey;
    const unsigned = lineOf(head, null);
    const file = shippedFile(
      unsigned,
      lineOf(head, other),
      unsigned.replace(/}$/, ',"signature":"x"}'),
      unsigned.replace(/}$/, ',"signature":1}'),
    );
    const { rejected } = readShipped([file], readPublicKey(publicFile));
    expect(rejected.map(({ found }) => found)).toEqual(['none', 'another one', 'another one', 'none']);
    expect(readShipped([file], null).checkpoints).toHaveLength(4);
  });
});

test('the line of a chain of the audit is signed like that of a book, and read apart from those', () => {
  const audit = { ledger: head.ledger, audit: 'request' as const, id: 7, hash: head.hash, at: head.at };
  const { publicFile } = newKeyPair(keyFile);
  const key = readSigningKey(read({ COFFER_CHECKPOINT_KEY_FILE: keyFile }));
  const [line, other] = [lineOf(audit, key), lineOf(head, key)];
  const publicKey = readPublicKey(publicFile);
  expect(readShipped([shippedFile(line, other)], publicKey)).toEqual({ checkpoints: [head], audit: [audit], rejected: [] });
  const { signature } = JSON.parse(line) as { signature: string };
  const text = `coffer audit checkpoint\n${head.ledger}\nrequest\n7\n${head.hash}\n${head.at}`;
  expect(verify(null, Buffer.from(text), createPublicKey(fs.readFileSync(publicFile, 'utf8')), Buffer.from(signature, 'base64'))).toBe(
    true,
  );
  const changed = line.replace('"id":7', '"id":8');
  expect(readShipped([shippedFile(changed)], publicKey).rejected).toHaveLength(1);
});

test('lines cut short are skipped, and a file without any checkpoint is refused', () => {
  const line = lineOf(head, null);
  expect(readShipped([shippedFile(line.slice(0, 40), line, 'null', '{"book":"1"}')], null).checkpoints).toEqual([head]);
  expect(() => readShipped([shippedFile('')], null)).toThrow(OperatorError);
  expect(() => readShipped([path.join(folder, 'absent')], null)).toThrow(/cannot be read/);
});

describe('keys', () => {
  test('are readable by their owner only, and never replaced', () => {
    const { publicFile } = newKeyPair(keyFile);
    expect([keyFile, publicFile].map((file) => fs.statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(() => newKeyPair(keyFile)).toThrow('already exists');
  });

  test('of the wrong kind are refused', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    fs.writeFileSync(keyFile, rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(read({ COFFER_CHECKPOINT_KEY_FILE: keyFile }).mistakes).toEqual([expect.stringContaining('Ed25519 private key')]);
    fs.writeFileSync(keyFile, rsa.publicKey.export({ type: 'spki', format: 'pem' }));
    expect(() => readPublicKey(keyFile)).toThrow('not an Ed25519 public key');
    expect(read({ COFFER_CHECKPOINT_KEY_FILE: path.join(folder, 'absent') }).mistakes).toHaveLength(1);
  });

  test('a private key is no public key', () => {
    newKeyPair(keyFile);
    expect(() => readPublicKey(keyFile)).toThrow('not an Ed25519 public key');
  });
});

describe('the settings', () => {
  test.each([
    ['file:///var/evidence/a%20b.jsonl', { kind: 'file', file: '/var/evidence/a b.jsonl' }],
    ['https://evidence.example.com/x?token=1', { kind: 'url', url: 'https://evidence.example.com/x?token=1' }],
    ['exec:/usr/local/bin/ship it', { kind: 'program', program: '/usr/local/bin/ship it' }],
  ])('ship to %s', (text, destination) => {
    expect(read({ COFFER_CHECKPOINT_SHIP: text })).toMatchObject({ destination, mistakes: [] });
  });

  test.each(['exec:ship', 'file:///', 'file://host/x', 'http://evidence.example.com/', '/var/x', 's3://x'])(
    'refuse to ship to %s',
    (text) => {
      expect(read({ COFFER_CHECKPOINT_SHIP: text }).mistakes).toEqual([expect.stringContaining('COFFER_CHECKPOINT_SHIP is not valid')]);
    },
  );

  test('take a key as text, also with escaped line breaks, but not together with its file', () => {
    newKeyPair(keyFile);
    const pem = fs.readFileSync(keyFile, 'utf8').trim();
    expect(read({ COFFER_CHECKPOINT_KEY: pem.replaceAll('\n', String.raw`\n`) })).toMatchObject({ key: pem, mistakes: [] });
    expect(read({ COFFER_CHECKPOINT_KEY: pem, COFFER_CHECKPOINT_KEY_FILE: keyFile }).mistakes).toHaveLength(1);
    expect(read({ COFFER_CHECKPOINT_KEY: 'text' }).mistakes[0]).not.toContain('text');
  });
});
