import { describe, expect, test } from 'vitest';
import type { PeerRow } from './leases.ts';
import { leaseMs, Observed } from './observed.ts';

const lease = { book: 1, term: 3, process: 'p', renewals: 7 };
const peer: PeerRow = { id: 'p', address: '127.0.0.1:1', owns: 'share', beats: 1 };

describe('a lease', () => {
  test('that is renewed is not free, however long ago it was first seen', () => {
    const observed = new Observed();
    for (let at = 0; at < 20; at++) observed.see({ leases: [{ ...lease, renewals: at }], peers: [], unreachable: [] }, at * 1_000);
    expect(observed.isFree(1, 19_000 + leaseMs - 1)).toBe(false);
  });

  test('whose counter stands still is free after the time of a lease, by the clock of the process that looks', () => {
    const observed = new Observed();
    observed.see({ leases: [lease], peers: [], unreachable: [] }, 0);
    observed.see({ leases: [lease], peers: [], unreachable: [] }, 2_000);
    expect(observed.isFree(1, leaseMs - 1)).toBe(false);
    expect(observed.isFree(1, leaseMs)).toBe(true);
  });

  test('that was just seen for the first time is not free, because its owner may be alive', () => {
    const observed = new Observed();
    observed.see({ leases: [lease], peers: [], unreachable: [] }, 1_000_000);
    expect(observed.isFree(1, 1_000_000)).toBe(false);
  });

  test('that was given back, or never existed, is free at once', () => {
    const observed = new Observed();
    observed.see({ leases: [{ ...lease, process: null }], peers: [], unreachable: [] }, 0);
    expect([observed.isFree(1, 0), observed.isFree(2, 0)]).toEqual([true, true]);
  });
});

test('a lease that cannot be reached stays as it was last seen, and gets old', () => {
  const observed = new Observed();
  observed.see({ leases: [lease], peers: [], unreachable: [] }, 0);
  observed.see({ leases: [], peers: [], unreachable: [1] }, 1_000);
  expect(observed.lease(1)).toEqual(lease);
  expect([observed.isFree(1, leaseMs - 1), observed.isFree(1, leaseMs)]).toEqual([false, true]);
});

test('a server is alive while its counter rises, and a command is no server', () => {
  const observed = new Observed();
  const command: PeerRow = { ...peer, id: 'command', owns: 'last' };
  observed.see({ leases: [], peers: [peer, command], unreachable: [] }, 0);
  expect(observed.servers(leaseMs - 1)).toEqual(['p']);
  observed.see({ leases: [], peers: [peer, command], unreachable: [] }, leaseMs);
  expect(observed.servers(leaseMs)).toEqual([]);
  observed.see({ leases: [], peers: [{ ...peer, beats: 2 }, command], unreachable: [] }, leaseMs + 1);
  expect(observed.servers(leaseMs + 1)).toEqual(['p']);
});
