// Generated from proto/wallet.proto by "npm run generate:grpc". Do not edit.
import { Reader, Writer } from "../wire.ts";
import type { Codec, Method } from "../wire.ts";

export type CreateWalletRequest = {
  readonly userId: string;
};

export const createWalletRequest: Codec<CreateWalletRequest> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.userId);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let userId = "";
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else reader.skip();
    }
    return { userId };
  },
};

export type GetWalletRequest = {
  readonly userId: string;
};

export const getWalletRequest: Codec<GetWalletRequest> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.userId);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let userId = "";
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else reader.skip();
    }
    return { userId };
  },
};

export type CreditWalletRequest = {
  readonly userId: string;
  readonly amount: bigint;
};

export const creditWalletRequest: Codec<CreditWalletRequest> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.userId);
    writer.int64(2, message.amount);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let userId = "";
    let amount = 0n;
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else if (reader.isInt64(2)) amount = reader.int64();
      else reader.skip();
    }
    return { userId, amount };
  },
};

export type DebitWalletRequest = {
  readonly userId: string;
  readonly amount: bigint;
};

export const debitWalletRequest: Codec<DebitWalletRequest> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.userId);
    writer.int64(2, message.amount);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let userId = "";
    let amount = 0n;
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else if (reader.isInt64(2)) amount = reader.int64();
      else reader.skip();
    }
    return { userId, amount };
  },
};

export type WalletResponse = {
  readonly id: string;
  readonly userId: string;
  readonly balance: bigint;
  readonly createdAt: string;
};

export const walletResponse: Codec<WalletResponse> = {
  encode(message) {
    const writer = new Writer();
    writer.text(1, message.id);
    writer.text(2, message.userId);
    writer.int64(3, message.balance);
    writer.text(4, message.createdAt);
    return writer.finish();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    let id = "";
    let userId = "";
    let balance = 0n;
    let createdAt = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) userId = reader.text();
      else if (reader.isInt64(3)) balance = reader.int64();
      else if (reader.isText(4)) createdAt = reader.text();
      else reader.skip();
    }
    return { id, userId, balance, createdAt };
  },
};

export const walletService = {
  createWallet: { path: "/wallet.WalletService/CreateWallet", request: createWalletRequest, response: walletResponse } satisfies Method<CreateWalletRequest, WalletResponse>,
  getWallet: { path: "/wallet.WalletService/GetWallet", request: getWalletRequest, response: walletResponse } satisfies Method<GetWalletRequest, WalletResponse>,
  creditWallet: { path: "/wallet.WalletService/CreditWallet", request: creditWalletRequest, response: walletResponse } satisfies Method<CreditWalletRequest, WalletResponse>,
  debitWallet: { path: "/wallet.WalletService/DebitWallet", request: debitWalletRequest, response: walletResponse } satisfies Method<DebitWalletRequest, WalletResponse>,
};
