import { describe, expect, test } from 'vitest';
import { joinMaxMs, leavingMaxMs, nextStep, silentMaxMs, transitionMaxMs } from './contention.ts';
import type { Contention } from './contention.ts';

const step = (contention: Partial<Contention>) =>
  nextStep({ whenRunning: 'join', isAnnounced: true, heldMs: 0, silentMs: 0, server: 'silent', ...contention });

describe('a joining process', () => {
  test('joins a server that is ready once its owner has announced it', () => {
    expect(step({ server: 'ready' })).toBe('join');
    expect(step({ server: 'ready', isAnnounced: false })).toBe('wait');
  });

  test.each(['silent', 'busy', 'foreign'] as const)('waits while the server is %s', (server) => {
    expect(step({ server, heldMs: silentMaxMs, silentMs: silentMaxMs })).toBe('wait');
  });

  test('gives up after half a minute of silence', () => {
    expect(step({ heldMs: silentMaxMs + 1, silentMs: silentMaxMs + 1 })).toBe('give up');
  });

  test('waits longer while the server answers that it is busy, but not forever', () => {
    expect(step({ server: 'busy', heldMs: joinMaxMs })).toBe('wait');
    expect(step({ server: 'busy', heldMs: joinMaxMs + 1 })).toBe('give up');
  });
});

describe('a process that wants exclusive use of the home', () => {
  test('is refused by an owner that stays, whatever the server answers', () => {
    for (const server of ['ready', 'busy', 'foreign', 'silent'] as const) {
      expect(step({ whenRunning: 'refuse', server, heldMs: leavingMaxMs })).toBe('wait');
      expect(step({ whenRunning: 'refuse', server, heldMs: leavingMaxMs + 1 })).toBe('refuse');
    }
  });

  test('waits longer for an owner that starts or stops', () => {
    expect(step({ whenRunning: 'refuse', isAnnounced: false, heldMs: transitionMaxMs })).toBe('wait');
    expect(step({ whenRunning: 'refuse', isAnnounced: false, heldMs: transitionMaxMs + 1 })).toBe('refuse');
  });
});
