// Generated from packages/proto/wallet.proto by "npm run generate:grpc". Do not edit.
import { codecOf } from "../wire.ts";
import type { Method, Nested } from "../wire.ts";

export type CreateWalletRequest = {
  readonly userId: string;
};

const createWalletRequestFields: Nested<CreateWalletRequest> = {
  write(writer, message) {
    writer.text(1, message.userId);
  },
  read(reader) {
    let userId: string = "";
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else reader.skip();
    }
    return { userId };
  },
};

export const createWalletRequest = codecOf(createWalletRequestFields);

export type GetWalletRequest = {
  readonly userId: string;
};

const getWalletRequestFields: Nested<GetWalletRequest> = {
  write(writer, message) {
    writer.text(1, message.userId);
  },
  read(reader) {
    let userId: string = "";
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else reader.skip();
    }
    return { userId };
  },
};

export const getWalletRequest = codecOf(getWalletRequestFields);

export type CreditWalletRequest = {
  readonly userId: string;
  readonly amount: bigint;
};

const creditWalletRequestFields: Nested<CreditWalletRequest> = {
  write(writer, message) {
    writer.text(1, message.userId);
    writer.int64(2, message.amount);
  },
  read(reader) {
    let userId: string = "";
    let amount: bigint = 0n;
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else if (reader.isInt64(2)) amount = reader.int64();
      else reader.skip();
    }
    return { userId, amount };
  },
};

export const creditWalletRequest = codecOf(creditWalletRequestFields);

export type DebitWalletRequest = {
  readonly userId: string;
  readonly amount: bigint;
};

const debitWalletRequestFields: Nested<DebitWalletRequest> = {
  write(writer, message) {
    writer.text(1, message.userId);
    writer.int64(2, message.amount);
  },
  read(reader) {
    let userId: string = "";
    let amount: bigint = 0n;
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else if (reader.isInt64(2)) amount = reader.int64();
      else reader.skip();
    }
    return { userId, amount };
  },
};

export const debitWalletRequest = codecOf(debitWalletRequestFields);

export type CloseWalletsRequest = {
  readonly userId: string;
  readonly sweepTo: string;
};

const closeWalletsRequestFields: Nested<CloseWalletsRequest> = {
  write(writer, message) {
    writer.text(1, message.userId);
    writer.text(2, message.sweepTo);
  },
  read(reader) {
    let userId: string = "";
    let sweepTo: string = "";
    while (reader.next()) {
      if (reader.isText(1)) userId = reader.text();
      else if (reader.isText(2)) sweepTo = reader.text();
      else reader.skip();
    }
    return { userId, sweepTo };
  },
};

export const closeWalletsRequest = codecOf(closeWalletsRequestFields);

export type CloseWalletsResponse = {
};

const closeWalletsResponseFields: Nested<CloseWalletsResponse> = {
  write() {
  },
  read(reader) {
    while (reader.next()) {
      reader.skip();
    }
    return {  };
  },
};

export const closeWalletsResponse = codecOf(closeWalletsResponseFields);

export type WalletResponse = {
  readonly id: string;
  readonly userId: string;
  readonly balance: bigint;
  readonly createdAt: string;
};

const walletResponseFields: Nested<WalletResponse> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.userId);
    writer.int64(3, message.balance);
    writer.text(4, message.createdAt);
  },
  read(reader) {
    let id: string = "";
    let userId: string = "";
    let balance: bigint = 0n;
    let createdAt: string = "";
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

export const walletResponse = codecOf(walletResponseFields);

export const walletService = {
  createWallet: { path: "/wallet.WalletService/CreateWallet", request: createWalletRequest, response: walletResponse } satisfies Method<CreateWalletRequest, WalletResponse>,
  getWallet: { path: "/wallet.WalletService/GetWallet", request: getWalletRequest, response: walletResponse } satisfies Method<GetWalletRequest, WalletResponse>,
  creditWallet: { path: "/wallet.WalletService/CreditWallet", request: creditWalletRequest, response: walletResponse } satisfies Method<CreditWalletRequest, WalletResponse>,
  debitWallet: { path: "/wallet.WalletService/DebitWallet", request: debitWalletRequest, response: walletResponse } satisfies Method<DebitWalletRequest, WalletResponse>,
  closeWallets: { path: "/wallet.WalletService/CloseWallets", request: closeWalletsRequest, response: closeWalletsResponse } satisfies Method<CloseWalletsRequest, CloseWalletsResponse>,
};
