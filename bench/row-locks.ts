/**
 * The baseline: how wallets are usually posted. One transaction per transfer: both wallets locked in order, the transfer inserted, both
 * balances updated. Same indexes on the transfer as the ledger has, prepared statements, 32 connections.
 */
import pg from 'pg';
import { callsPerSecond, latenciesMs, nextTransfer, openingBalance, walletCount } from './workload.ts';
import type { Spread, Transfer } from './workload.ts';

const connections = 32;

const schema = `
  create schema baseline;
  create table baseline.wallet (id bigint primary key, balance numeric(38, 0) not null check (balance >= 0), version bigint not null default 0);
  create table baseline.transfer (
    id bigint generated always as identity primary key, from_wallet bigint not null, to_wallet bigint not null, amount numeric(38, 0) not null check (amount > 0),
    from_after numeric(38, 0) not null, to_after numeric(38, 0) not null, key text collate "C" not null, recorded_at timestamptz not null default now());
  create unique index on baseline.transfer (key, from_wallet);
  create index on baseline.transfer (from_wallet, id);
  create index on baseline.transfer (to_wallet, id);`;

export class RowLockLedger {
  readonly #clients: pg.Client[];

  private constructor(clients: pg.Client[]) {
    this.#clients = clients;
  }

  static async open(url: string): Promise<RowLockLedger> {
    const clients = await Promise.all(
      Array.from({ length: connections }, async () => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        return client;
      }),
    );
    const [first] = clients;
    await first?.query(schema);
    await first?.query('insert into baseline.wallet (id, balance) select wallet, $2 from generate_series(0, $1 - 1) wallet', [
      walletCount,
      String(openingBalance),
    ]);
    await first?.query('analyze');
    return new RowLockLedger(clients);
  }

  async transfersPerSecond(spread: Spread, seconds: number): Promise<number> {
    return await callsPerSecond({ inFlight: connections, seconds }, (caller) => this.#post(caller, nextTransfer(spread)));
  }

  async loneLatenciesMs(calls: number): Promise<number[]> {
    return await latenciesMs(calls, [0.5, 0.99], () => this.#post(0, nextTransfer('uniform')));
  }

  async readsPerSecond(seconds: number): Promise<number> {
    return await callsPerSecond({ inFlight: connections, seconds }, async (caller) => {
      const wallet = Math.floor(Math.random() * walletCount);
      await this.#clients[caller]?.query({
        name: 'read',
        text: 'select balance, version from baseline.wallet where id = $1',
        values: [wallet],
      });
    });
  }

  /** Throws when money was lost or created. */
  async check(): Promise<void> {
    const result = await this.#clients[0]?.query<{ total: string }>('select sum(balance) as total from baseline.wallet');
    if (result?.rows[0]?.total !== String(openingBalance * BigInt(walletCount))) throw new Error('the baseline did not conserve money');
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
  }

  async #post(caller: number, { from, to, amount, key }: Transfer): Promise<void> {
    const client = this.#clients[caller];
    if (!client) throw new Error('a caller has a connection');
    await client.query('begin');
    const locked = await client.query<{ id: string; balance: string }>({
      name: 'lock',
      text: 'select id, balance from baseline.wallet where id = any ($1) order by id for update',
      values: [[from, to]],
    });
    const balance = (wallet: number) => BigInt(locked.rows.find((row) => Number(row.id) === wallet)?.balance ?? 0);
    const values = [from, to, String(amount), String(balance(from) - amount), String(balance(to) + amount), key];
    await client.query({
      name: 'insert',
      text: 'insert into baseline.transfer (from_wallet, to_wallet, amount, from_after, to_after, key) values ($1, $2, $3, $4, $5, $6)',
      values,
    });
    const update = {
      name: 'update',
      text: 'update baseline.wallet set balance = balance + $2, version = version + 1 where id = $1',
    };
    await client.query({ ...update, values: [from, String(-amount)] });
    await client.query({ ...update, values: [to, String(amount)] });
    await client.query('commit');
  }
}
