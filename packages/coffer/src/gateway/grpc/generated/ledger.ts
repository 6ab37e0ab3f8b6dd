// Generated from packages/proto/ledger.proto by "npm run generate:grpc". Do not edit.
import { codecOf } from "../wire.ts";
import type { Method, Nested } from "../wire.ts";

export type PostRequest = {
  readonly id: bigint;
  readonly operations: readonly Operation[];
  readonly atomic: boolean;
};

const postRequestFields: Nested<PostRequest> = {
  write(writer, message) {
    writer.int64(1, message.id);
    writer.messages(2, message.operations, operationFields);
    writer.bool(3, message.atomic);
  },
  read(reader) {
    let id: bigint = 0n;
    const operations: Operation[] = [];
    let atomic: boolean = false;
    while (reader.next()) {
      if (reader.isInt64(1)) id = reader.int64();
      else if (reader.isMessage(2)) operations.push(reader.message(operationFields));
      else if (reader.isBool(3)) atomic = reader.bool();
      else reader.skip();
    }
    return { id, operations, atomic };
  },
};

export const postRequest = codecOf(postRequestFields);

export type PostResponse = {
  readonly id: bigint;
  readonly results: readonly OperationResult[];
  readonly problem: Problem | null;
};

const postResponseFields: Nested<PostResponse> = {
  write(writer, message) {
    writer.int64(1, message.id);
    writer.messages(2, message.results, operationResultFields);
    writer.message(3, message.problem, problemFields);
  },
  read(reader) {
    let id: bigint = 0n;
    const results: OperationResult[] = [];
    let problem: Problem | null = null;
    while (reader.next()) {
      if (reader.isInt64(1)) id = reader.int64();
      else if (reader.isMessage(2)) results.push(reader.message(operationResultFields));
      else if (reader.isMessage(3)) problem = reader.message(problemFields);
      else reader.skip();
    }
    return { id, results, problem };
  },
};

export const postResponse = codecOf(postResponseFields);

export type Operation = {
  readonly openWallet: OpenWallet | null;
  readonly deposit: Deposit | null;
  readonly withdraw: Withdraw | null;
  readonly transfer: Transfer | null;
  readonly topUp: TopUp | null;
  readonly spend: Spend | null;
  readonly hold: AuthorizeHold | null;
  readonly capture: CaptureHold | null;
  readonly release: ReleaseHold | null;
  readonly reverse: Reverse | null;
  readonly freeze: Freeze | null;
  readonly unfreeze: Unfreeze | null;
  readonly close: Close | null;
  readonly setLimits: SetLimits | null;
  readonly setCreditLine: SetCreditLine | null;
  readonly move: Move | null;
  readonly issue: Issue | null;
  readonly burn: Burn | null;
};

const operationFields: Nested<Operation> = {
  write(writer, message) {
    writer.message(1, message.openWallet, openWalletFields);
    writer.message(2, message.deposit, depositFields);
    writer.message(3, message.withdraw, withdrawFields);
    writer.message(4, message.transfer, transferFields);
    writer.message(5, message.topUp, topUpFields);
    writer.message(6, message.spend, spendFields);
    writer.message(7, message.hold, authorizeHoldFields);
    writer.message(8, message.capture, captureHoldFields);
    writer.message(9, message.release, releaseHoldFields);
    writer.message(10, message.reverse, reverseFields);
    writer.message(11, message.freeze, freezeFields);
    writer.message(12, message.unfreeze, unfreezeFields);
    writer.message(13, message.close, closeFields);
    writer.message(14, message.setLimits, setLimitsFields);
    writer.message(15, message.setCreditLine, setCreditLineFields);
    writer.message(16, message.move, moveFields);
    writer.message(17, message.issue, issueFields);
    writer.message(18, message.burn, burnFields);
  },
  read(reader) {
    let openWallet: OpenWallet | null = null;
    let deposit: Deposit | null = null;
    let withdraw: Withdraw | null = null;
    let transfer: Transfer | null = null;
    let topUp: TopUp | null = null;
    let spend: Spend | null = null;
    let hold: AuthorizeHold | null = null;
    let capture: CaptureHold | null = null;
    let release: ReleaseHold | null = null;
    let reverse: Reverse | null = null;
    let freeze: Freeze | null = null;
    let unfreeze: Unfreeze | null = null;
    let close: Close | null = null;
    let setLimits: SetLimits | null = null;
    let setCreditLine: SetCreditLine | null = null;
    let move: Move | null = null;
    let issue: Issue | null = null;
    let burn: Burn | null = null;
    while (reader.next()) {
      if (reader.isMessage(1)) openWallet = reader.message(openWalletFields);
      else if (reader.isMessage(2)) deposit = reader.message(depositFields);
      else if (reader.isMessage(3)) withdraw = reader.message(withdrawFields);
      else if (reader.isMessage(4)) transfer = reader.message(transferFields);
      else if (reader.isMessage(5)) topUp = reader.message(topUpFields);
      else if (reader.isMessage(6)) spend = reader.message(spendFields);
      else if (reader.isMessage(7)) hold = reader.message(authorizeHoldFields);
      else if (reader.isMessage(8)) capture = reader.message(captureHoldFields);
      else if (reader.isMessage(9)) release = reader.message(releaseHoldFields);
      else if (reader.isMessage(10)) reverse = reader.message(reverseFields);
      else if (reader.isMessage(11)) freeze = reader.message(freezeFields);
      else if (reader.isMessage(12)) unfreeze = reader.message(unfreezeFields);
      else if (reader.isMessage(13)) close = reader.message(closeFields);
      else if (reader.isMessage(14)) setLimits = reader.message(setLimitsFields);
      else if (reader.isMessage(15)) setCreditLine = reader.message(setCreditLineFields);
      else if (reader.isMessage(16)) move = reader.message(moveFields);
      else if (reader.isMessage(17)) issue = reader.message(issueFields);
      else if (reader.isMessage(18)) burn = reader.message(burnFields);
      else reader.skip();
    }
    return { openWallet, deposit, withdraw, transfer, topUp, spend, hold, capture, release, reverse, freeze, unfreeze, close, setLimits, setCreditLine, move, issue, burn };
  },
};

export type Terms = {
  readonly requestId: string;
  readonly metadata: string;
  readonly expectedVersion: bigint | null;
  readonly unit: string;
};

const termsFields: Nested<Terms> = {
  write(writer, message) {
    writer.text(1, message.requestId);
    writer.text(2, message.metadata);
    writer.optionalInt64(3, message.expectedVersion);
    writer.text(4, message.unit);
  },
  read(reader) {
    let requestId: string = "";
    let metadata: string = "";
    let expectedVersion: bigint | null = null;
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) requestId = reader.text();
      else if (reader.isText(2)) metadata = reader.text();
      else if (reader.isInt64(3)) expectedVersion = reader.int64();
      else if (reader.isText(4)) unit = reader.text();
      else reader.skip();
    }
    return { requestId, metadata, expectedVersion, unit };
  },
};

export type MoneyTerms = {
  readonly upTo: boolean;
  readonly minimumBalance: bigint | null;
  readonly effectiveAt: string;
  readonly minimumBalanceText: string;
};

const moneyTermsFields: Nested<MoneyTerms> = {
  write(writer, message) {
    writer.bool(1, message.upTo);
    writer.optionalInt64(2, message.minimumBalance);
    writer.text(3, message.effectiveAt);
    writer.text(4, message.minimumBalanceText);
  },
  read(reader) {
    let upTo: boolean = false;
    let minimumBalance: bigint | null = null;
    let effectiveAt: string = "";
    let minimumBalanceText: string = "";
    while (reader.next()) {
      if (reader.isBool(1)) upTo = reader.bool();
      else if (reader.isInt64(2)) minimumBalance = reader.int64();
      else if (reader.isText(3)) effectiveAt = reader.text();
      else if (reader.isText(4)) minimumBalanceText = reader.text();
      else reader.skip();
    }
    return { upTo, minimumBalance, effectiveAt, minimumBalanceText };
  },
};

export type OpenWallet = {
  readonly terms: Terms | null;
  readonly walletId: string;
  readonly ownerId: string;
  readonly asset: string;
  readonly creditLimit: bigint;
  readonly creditLimitText: string;
};

const openWalletFields: Nested<OpenWallet> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.walletId);
    writer.text(3, message.ownerId);
    writer.text(4, message.asset);
    writer.int64(5, message.creditLimit);
    writer.text(6, message.creditLimitText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let walletId: string = "";
    let ownerId: string = "";
    let asset: string = "";
    let creditLimit: bigint = 0n;
    let creditLimitText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isText(3)) ownerId = reader.text();
      else if (reader.isText(4)) asset = reader.text();
      else if (reader.isInt64(5)) creditLimit = reader.int64();
      else if (reader.isText(6)) creditLimitText = reader.text();
      else reader.skip();
    }
    return { terms, walletId, ownerId, asset, creditLimit, creditLimitText };
  },
};

export type Deposit = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly walletId: string;
  readonly amount: bigint;
  readonly asset: string;
  readonly amountText: string;
};

const depositFields: Nested<Deposit> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.text(3, message.walletId);
    writer.int64(4, message.amount);
    writer.text(5, message.asset);
    writer.text(6, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let walletId: string = "";
    let amount: bigint = 0n;
    let asset: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isText(3)) walletId = reader.text();
      else if (reader.isInt64(4)) amount = reader.int64();
      else if (reader.isText(5)) asset = reader.text();
      else if (reader.isText(6)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, money, walletId, amount, asset, amountText };
  },
};

export type Withdraw = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly walletId: string;
  readonly amount: bigint;
  readonly asset: string;
  readonly amountText: string;
};

const withdrawFields: Nested<Withdraw> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.text(3, message.walletId);
    writer.int64(4, message.amount);
    writer.text(5, message.asset);
    writer.text(6, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let walletId: string = "";
    let amount: bigint = 0n;
    let asset: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isText(3)) walletId = reader.text();
      else if (reader.isInt64(4)) amount = reader.int64();
      else if (reader.isText(5)) asset = reader.text();
      else if (reader.isText(6)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, money, walletId, amount, asset, amountText };
  },
};

export type Transfer = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly walletId: string;
  readonly toWalletId: string;
  readonly amount: bigint;
  readonly asset: string;
  readonly mode: string;
  readonly amountText: string;
};

const transferFields: Nested<Transfer> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.text(3, message.walletId);
    writer.text(4, message.toWalletId);
    writer.int64(5, message.amount);
    writer.text(6, message.asset);
    writer.text(7, message.mode);
    writer.text(8, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let walletId: string = "";
    let toWalletId: string = "";
    let amount: bigint = 0n;
    let asset: string = "";
    let mode: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isText(3)) walletId = reader.text();
      else if (reader.isText(4)) toWalletId = reader.text();
      else if (reader.isInt64(5)) amount = reader.int64();
      else if (reader.isText(6)) asset = reader.text();
      else if (reader.isText(7)) mode = reader.text();
      else if (reader.isText(8)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, money, walletId, toWalletId, amount, asset, mode, amountText };
  },
};

export type Move = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly from: Party | null;
  readonly to: Party | null;
  readonly amount: bigint;
  readonly asset: string;
  readonly amountText: string;
};

const moveFields: Nested<Move> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.message(3, message.from, partyFields);
    writer.message(4, message.to, partyFields);
    writer.int64(5, message.amount);
    writer.text(6, message.asset);
    writer.text(7, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let from: Party | null = null;
    let to: Party | null = null;
    let amount: bigint = 0n;
    let asset: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isMessage(3)) from = reader.message(partyFields);
      else if (reader.isMessage(4)) to = reader.message(partyFields);
      else if (reader.isInt64(5)) amount = reader.int64();
      else if (reader.isText(6)) asset = reader.text();
      else if (reader.isText(7)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, money, from, to, amount, asset, amountText };
  },
};

export type Issue = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly amount: bigint;
  readonly asset: string;
  readonly amountText: string;
  readonly reason: string;
  readonly book: bigint;
};

const issueFields: Nested<Issue> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.int64(3, message.amount);
    writer.text(4, message.asset);
    writer.text(5, message.amountText);
    writer.text(6, message.reason);
    writer.int64(7, message.book);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let amount: bigint = 0n;
    let asset: string = "";
    let amountText: string = "";
    let reason: string = "";
    let book: bigint = 0n;
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isInt64(3)) amount = reader.int64();
      else if (reader.isText(4)) asset = reader.text();
      else if (reader.isText(5)) amountText = reader.text();
      else if (reader.isText(6)) reason = reader.text();
      else if (reader.isInt64(7)) book = reader.int64();
      else reader.skip();
    }
    return { terms, money, amount, asset, amountText, reason, book };
  },
};

export type Burn = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly amount: bigint;
  readonly asset: string;
  readonly amountText: string;
  readonly reason: string;
  readonly book: bigint;
};

const burnFields: Nested<Burn> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.int64(3, message.amount);
    writer.text(4, message.asset);
    writer.text(5, message.amountText);
    writer.text(6, message.reason);
    writer.int64(7, message.book);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let amount: bigint = 0n;
    let asset: string = "";
    let amountText: string = "";
    let reason: string = "";
    let book: bigint = 0n;
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isInt64(3)) amount = reader.int64();
      else if (reader.isText(4)) asset = reader.text();
      else if (reader.isText(5)) amountText = reader.text();
      else if (reader.isText(6)) reason = reader.text();
      else if (reader.isInt64(7)) book = reader.int64();
      else reader.skip();
    }
    return { terms, money, amount, asset, amountText, reason, book };
  },
};

export type Party = {
  readonly wallet: string;
  readonly account: string;
};

const partyFields: Nested<Party> = {
  write(writer, message) {
    writer.text(1, message.wallet);
    writer.text(2, message.account);
  },
  read(reader) {
    let wallet: string = "";
    let account: string = "";
    while (reader.next()) {
      if (reader.isText(1)) wallet = reader.text();
      else if (reader.isText(2)) account = reader.text();
      else reader.skip();
    }
    return { wallet, account };
  },
};

export type TopUp = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly ownerId: string;
  readonly amount: bigint;
  readonly asset: string;
  readonly amountText: string;
};

const topUpFields: Nested<TopUp> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.text(3, message.ownerId);
    writer.int64(4, message.amount);
    writer.text(5, message.asset);
    writer.text(6, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let ownerId: string = "";
    let amount: bigint = 0n;
    let asset: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isText(3)) ownerId = reader.text();
      else if (reader.isInt64(4)) amount = reader.int64();
      else if (reader.isText(5)) asset = reader.text();
      else if (reader.isText(6)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, money, ownerId, amount, asset, amountText };
  },
};

export type Spend = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly ownerId: string;
  readonly amount: bigint;
  readonly asset: string;
  readonly amountText: string;
};

const spendFields: Nested<Spend> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.text(3, message.ownerId);
    writer.int64(4, message.amount);
    writer.text(5, message.asset);
    writer.text(6, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let ownerId: string = "";
    let amount: bigint = 0n;
    let asset: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isText(3)) ownerId = reader.text();
      else if (reader.isInt64(4)) amount = reader.int64();
      else if (reader.isText(5)) asset = reader.text();
      else if (reader.isText(6)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, money, ownerId, amount, asset, amountText };
  },
};

export type AuthorizeHold = {
  readonly terms: Terms | null;
  readonly money: MoneyTerms | null;
  readonly walletId: string;
  readonly amount: bigint;
  readonly asset: string;
  readonly expiresInSeconds: bigint | null;
  readonly amountText: string;
};

const authorizeHoldFields: Nested<AuthorizeHold> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.message(2, message.money, moneyTermsFields);
    writer.text(3, message.walletId);
    writer.int64(4, message.amount);
    writer.text(5, message.asset);
    writer.optionalInt64(6, message.expiresInSeconds);
    writer.text(7, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let money: MoneyTerms | null = null;
    let walletId: string = "";
    let amount: bigint = 0n;
    let asset: string = "";
    let expiresInSeconds: bigint | null = null;
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isMessage(2)) money = reader.message(moneyTermsFields);
      else if (reader.isText(3)) walletId = reader.text();
      else if (reader.isInt64(4)) amount = reader.int64();
      else if (reader.isText(5)) asset = reader.text();
      else if (reader.isInt64(6)) expiresInSeconds = reader.int64();
      else if (reader.isText(7)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, money, walletId, amount, asset, expiresInSeconds, amountText };
  },
};

export type CaptureHold = {
  readonly terms: Terms | null;
  readonly holdId: string;
  readonly amount: bigint | null;
  readonly toWalletId: string;
  readonly to: string;
  readonly final: boolean;
  readonly effectiveAt: string;
  readonly amountText: string;
};

const captureHoldFields: Nested<CaptureHold> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.holdId);
    writer.optionalInt64(3, message.amount);
    writer.text(4, message.toWalletId);
    writer.text(5, message.to);
    writer.bool(6, message.final);
    writer.text(7, message.effectiveAt);
    writer.text(8, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let holdId: string = "";
    let amount: bigint | null = null;
    let toWalletId: string = "";
    let to: string = "";
    let final: boolean = false;
    let effectiveAt: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) holdId = reader.text();
      else if (reader.isInt64(3)) amount = reader.int64();
      else if (reader.isText(4)) toWalletId = reader.text();
      else if (reader.isText(5)) to = reader.text();
      else if (reader.isBool(6)) final = reader.bool();
      else if (reader.isText(7)) effectiveAt = reader.text();
      else if (reader.isText(8)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, holdId, amount, toWalletId, to, final, effectiveAt, amountText };
  },
};

export type ReleaseHold = {
  readonly terms: Terms | null;
  readonly holdId: string;
  readonly amount: bigint | null;
  readonly amountText: string;
};

const releaseHoldFields: Nested<ReleaseHold> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.holdId);
    writer.optionalInt64(3, message.amount);
    writer.text(4, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let holdId: string = "";
    let amount: bigint | null = null;
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) holdId = reader.text();
      else if (reader.isInt64(3)) amount = reader.int64();
      else if (reader.isText(4)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, holdId, amount, amountText };
  },
};

export type Reverse = {
  readonly terms: Terms | null;
  readonly operationId: string;
  readonly amount: bigint | null;
  readonly reason: string;
  readonly effectiveAt: string;
  readonly amountText: string;
};

const reverseFields: Nested<Reverse> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.operationId);
    writer.optionalInt64(3, message.amount);
    writer.text(4, message.reason);
    writer.text(5, message.effectiveAt);
    writer.text(6, message.amountText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let operationId: string = "";
    let amount: bigint | null = null;
    let reason: string = "";
    let effectiveAt: string = "";
    let amountText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) operationId = reader.text();
      else if (reader.isInt64(3)) amount = reader.int64();
      else if (reader.isText(4)) reason = reader.text();
      else if (reader.isText(5)) effectiveAt = reader.text();
      else if (reader.isText(6)) amountText = reader.text();
      else reader.skip();
    }
    return { terms, operationId, amount, reason, effectiveAt, amountText };
  },
};

export type Freeze = {
  readonly terms: Terms | null;
  readonly walletId: string;
  readonly sides: string;
  readonly reason: string;
};

const freezeFields: Nested<Freeze> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.walletId);
    writer.text(3, message.sides);
    writer.text(4, message.reason);
  },
  read(reader) {
    let terms: Terms | null = null;
    let walletId: string = "";
    let sides: string = "";
    let reason: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isText(3)) sides = reader.text();
      else if (reader.isText(4)) reason = reader.text();
      else reader.skip();
    }
    return { terms, walletId, sides, reason };
  },
};

export type Unfreeze = {
  readonly terms: Terms | null;
  readonly walletId: string;
  readonly sides: string;
  readonly reason: string;
};

const unfreezeFields: Nested<Unfreeze> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.walletId);
    writer.text(3, message.sides);
    writer.text(4, message.reason);
  },
  read(reader) {
    let terms: Terms | null = null;
    let walletId: string = "";
    let sides: string = "";
    let reason: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isText(3)) sides = reader.text();
      else if (reader.isText(4)) reason = reader.text();
      else reader.skip();
    }
    return { terms, walletId, sides, reason };
  },
};

export type Close = {
  readonly terms: Terms | null;
  readonly walletId: string;
  readonly sides: string;
  readonly sweepTo: string;
  readonly reason: string;
};

const closeFields: Nested<Close> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.walletId);
    writer.text(3, message.sides);
    writer.text(4, message.sweepTo);
    writer.text(5, message.reason);
  },
  read(reader) {
    let terms: Terms | null = null;
    let walletId: string = "";
    let sides: string = "";
    let sweepTo: string = "";
    let reason: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isText(3)) sides = reader.text();
      else if (reader.isText(4)) sweepTo = reader.text();
      else if (reader.isText(5)) reason = reader.text();
      else reader.skip();
    }
    return { terms, walletId, sides, sweepTo, reason };
  },
};

export type SetLimits = {
  readonly terms: Terms | null;
  readonly walletId: string;
  readonly perTransfer: bigint | null;
  readonly perDay: bigint | null;
  readonly perMonth: bigint | null;
  readonly reason: string;
  readonly perTransferText: string;
  readonly perDayText: string;
  readonly perMonthText: string;
};

const setLimitsFields: Nested<SetLimits> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.walletId);
    writer.optionalInt64(3, message.perTransfer);
    writer.optionalInt64(4, message.perDay);
    writer.optionalInt64(5, message.perMonth);
    writer.text(6, message.reason);
    writer.text(7, message.perTransferText);
    writer.text(8, message.perDayText);
    writer.text(9, message.perMonthText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let walletId: string = "";
    let perTransfer: bigint | null = null;
    let perDay: bigint | null = null;
    let perMonth: bigint | null = null;
    let reason: string = "";
    let perTransferText: string = "";
    let perDayText: string = "";
    let perMonthText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isInt64(3)) perTransfer = reader.int64();
      else if (reader.isInt64(4)) perDay = reader.int64();
      else if (reader.isInt64(5)) perMonth = reader.int64();
      else if (reader.isText(6)) reason = reader.text();
      else if (reader.isText(7)) perTransferText = reader.text();
      else if (reader.isText(8)) perDayText = reader.text();
      else if (reader.isText(9)) perMonthText = reader.text();
      else reader.skip();
    }
    return { terms, walletId, perTransfer, perDay, perMonth, reason, perTransferText, perDayText, perMonthText };
  },
};

export type SetCreditLine = {
  readonly terms: Terms | null;
  readonly walletId: string;
  readonly creditLimit: bigint;
  readonly reason: string;
  readonly creditLimitText: string;
};

const setCreditLineFields: Nested<SetCreditLine> = {
  write(writer, message) {
    writer.message(1, message.terms, termsFields);
    writer.text(2, message.walletId);
    writer.int64(3, message.creditLimit);
    writer.text(4, message.reason);
    writer.text(5, message.creditLimitText);
  },
  read(reader) {
    let terms: Terms | null = null;
    let walletId: string = "";
    let creditLimit: bigint = 0n;
    let reason: string = "";
    let creditLimitText: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) terms = reader.message(termsFields);
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isInt64(3)) creditLimit = reader.int64();
      else if (reader.isText(4)) reason = reader.text();
      else if (reader.isText(5)) creditLimitText = reader.text();
      else reader.skip();
    }
    return { terms, walletId, creditLimit, reason, creditLimitText };
  },
};

export type OperationResult = {
  readonly status: string;
  readonly type: string;
  readonly operationId: string;
  readonly seq: bigint;
  readonly requestId: string;
  readonly replayed: boolean;
  readonly createdAt: string;
  readonly asset: string;
  readonly amount: bigint | null;
  readonly askedAmount: bigint | null;
  readonly effectiveAt: string;
  readonly wallet: Account | null;
  readonly from: Account | null;
  readonly to: Account | null;
  readonly hold: HoldState | null;
  readonly reverses: string;
  readonly reversed: bigint | null;
  readonly reversedBy: readonly string[];
  readonly metadata: string;
  readonly reason: string;
  readonly actor: string;
  readonly approver: string;
  readonly problem: Problem | null;
  readonly mode: string;
  readonly keyspace: string;
  readonly amountText: string;
  readonly askedAmountText: string;
  readonly reversedText: string;
};

const operationResultFields: Nested<OperationResult> = {
  write(writer, message) {
    writer.text(1, message.status);
    writer.text(2, message.type);
    writer.text(3, message.operationId);
    writer.int64(4, message.seq);
    writer.text(5, message.requestId);
    writer.bool(6, message.replayed);
    writer.text(7, message.createdAt);
    writer.text(8, message.asset);
    writer.optionalInt64(9, message.amount);
    writer.optionalInt64(10, message.askedAmount);
    writer.text(11, message.effectiveAt);
    writer.message(12, message.wallet, accountFields);
    writer.message(13, message.from, accountFields);
    writer.message(14, message.to, accountFields);
    writer.message(15, message.hold, holdStateFields);
    writer.text(16, message.reverses);
    writer.optionalInt64(17, message.reversed);
    writer.texts(22, message.reversedBy);
    writer.text(18, message.metadata);
    writer.text(19, message.reason);
    writer.text(20, message.actor);
    writer.text(24, message.approver);
    writer.message(21, message.problem, problemFields);
    writer.text(23, message.mode);
    writer.text(25, message.keyspace);
    writer.text(26, message.amountText);
    writer.text(27, message.askedAmountText);
    writer.text(28, message.reversedText);
  },
  read(reader) {
    let status: string = "";
    let type: string = "";
    let operationId: string = "";
    let seq: bigint = 0n;
    let requestId: string = "";
    let replayed: boolean = false;
    let createdAt: string = "";
    let asset: string = "";
    let amount: bigint | null = null;
    let askedAmount: bigint | null = null;
    let effectiveAt: string = "";
    let wallet: Account | null = null;
    let from: Account | null = null;
    let to: Account | null = null;
    let hold: HoldState | null = null;
    let reverses: string = "";
    let reversed: bigint | null = null;
    const reversedBy: string[] = [];
    let metadata: string = "";
    let reason: string = "";
    let actor: string = "";
    let approver: string = "";
    let problem: Problem | null = null;
    let mode: string = "";
    let keyspace: string = "";
    let amountText: string = "";
    let askedAmountText: string = "";
    let reversedText: string = "";
    while (reader.next()) {
      if (reader.isText(1)) status = reader.text();
      else if (reader.isText(2)) type = reader.text();
      else if (reader.isText(3)) operationId = reader.text();
      else if (reader.isInt64(4)) seq = reader.int64();
      else if (reader.isText(5)) requestId = reader.text();
      else if (reader.isBool(6)) replayed = reader.bool();
      else if (reader.isText(7)) createdAt = reader.text();
      else if (reader.isText(8)) asset = reader.text();
      else if (reader.isInt64(9)) amount = reader.int64();
      else if (reader.isInt64(10)) askedAmount = reader.int64();
      else if (reader.isText(11)) effectiveAt = reader.text();
      else if (reader.isMessage(12)) wallet = reader.message(accountFields);
      else if (reader.isMessage(13)) from = reader.message(accountFields);
      else if (reader.isMessage(14)) to = reader.message(accountFields);
      else if (reader.isMessage(15)) hold = reader.message(holdStateFields);
      else if (reader.isText(16)) reverses = reader.text();
      else if (reader.isInt64(17)) reversed = reader.int64();
      else if (reader.isText(22)) reversedBy.push(reader.text());
      else if (reader.isText(18)) metadata = reader.text();
      else if (reader.isText(19)) reason = reader.text();
      else if (reader.isText(20)) actor = reader.text();
      else if (reader.isText(24)) approver = reader.text();
      else if (reader.isMessage(21)) problem = reader.message(problemFields);
      else if (reader.isText(23)) mode = reader.text();
      else if (reader.isText(25)) keyspace = reader.text();
      else if (reader.isText(26)) amountText = reader.text();
      else if (reader.isText(27)) askedAmountText = reader.text();
      else if (reader.isText(28)) reversedText = reader.text();
      else reader.skip();
    }
    return { status, type, operationId, seq, requestId, replayed, createdAt, asset, amount, askedAmount, effectiveAt, wallet, from, to, hold, reverses, reversed, reversedBy, metadata, reason, actor, approver, problem, mode, keyspace, amountText, askedAmountText, reversedText };
  },
};

export const operationResult = codecOf(operationResultFields);

export type Account = {
  readonly id: string;
  readonly balance: bigint | null;
  readonly held: bigint | null;
  readonly version: bigint;
  readonly balanceText: string;
  readonly heldText: string;
};

const accountFields: Nested<Account> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.optionalInt64(2, message.balance);
    writer.optionalInt64(3, message.held);
    writer.int64(4, message.version);
    writer.text(5, message.balanceText);
    writer.text(6, message.heldText);
  },
  read(reader) {
    let id: string = "";
    let balance: bigint | null = null;
    let held: bigint | null = null;
    let version: bigint = 0n;
    let balanceText: string = "";
    let heldText: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isInt64(2)) balance = reader.int64();
      else if (reader.isInt64(3)) held = reader.int64();
      else if (reader.isInt64(4)) version = reader.int64();
      else if (reader.isText(5)) balanceText = reader.text();
      else if (reader.isText(6)) heldText = reader.text();
      else reader.skip();
    }
    return { id, balance, held, version, balanceText, heldText };
  },
};

export type HoldState = {
  readonly holdId: string;
  readonly left: bigint | null;
  readonly expiresAt: string;
  readonly leftText: string;
};

const holdStateFields: Nested<HoldState> = {
  write(writer, message) {
    writer.text(1, message.holdId);
    writer.optionalInt64(2, message.left);
    writer.text(3, message.expiresAt);
    writer.text(4, message.leftText);
  },
  read(reader) {
    let holdId: string = "";
    let left: bigint | null = null;
    let expiresAt: string = "";
    let leftText: string = "";
    while (reader.next()) {
      if (reader.isText(1)) holdId = reader.text();
      else if (reader.isInt64(2)) left = reader.int64();
      else if (reader.isText(3)) expiresAt = reader.text();
      else if (reader.isText(4)) leftText = reader.text();
      else reader.skip();
    }
    return { holdId, left, expiresAt, leftText };
  },
};

export type Problem = {
  readonly code: string;
  readonly detail: string;
  readonly facts: readonly Fact[];
};

const problemFields: Nested<Problem> = {
  write(writer, message) {
    writer.text(1, message.code);
    writer.text(2, message.detail);
    writer.messages(3, message.facts, factFields);
  },
  read(reader) {
    let code: string = "";
    let detail: string = "";
    const facts: Fact[] = [];
    while (reader.next()) {
      if (reader.isText(1)) code = reader.text();
      else if (reader.isText(2)) detail = reader.text();
      else if (reader.isMessage(3)) facts.push(reader.message(factFields));
      else reader.skip();
    }
    return { code, detail, facts };
  },
};

export type Fact = {
  readonly name: string;
  readonly value: string;
};

const factFields: Nested<Fact> = {
  write(writer, message) {
    writer.text(1, message.name);
    writer.text(2, message.value);
  },
  read(reader) {
    let name: string = "";
    let value: string = "";
    while (reader.next()) {
      if (reader.isText(1)) name = reader.text();
      else if (reader.isText(2)) value = reader.text();
      else reader.skip();
    }
    return { name, value };
  },
};

export type GetOperationRequest = {
  readonly operationId: string;
  readonly walletId: string;
  readonly requestId: string;
  readonly keyspace: string;
  readonly unit: string;
};

const getOperationRequestFields: Nested<GetOperationRequest> = {
  write(writer, message) {
    writer.text(1, message.operationId);
    writer.text(2, message.walletId);
    writer.text(3, message.requestId);
    writer.text(4, message.keyspace);
    writer.text(5, message.unit);
  },
  read(reader) {
    let operationId: string = "";
    let walletId: string = "";
    let requestId: string = "";
    let keyspace: string = "";
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) operationId = reader.text();
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isText(3)) requestId = reader.text();
      else if (reader.isText(4)) keyspace = reader.text();
      else if (reader.isText(5)) unit = reader.text();
      else reader.skip();
    }
    return { operationId, walletId, requestId, keyspace, unit };
  },
};

export const getOperationRequest = codecOf(getOperationRequestFields);

export type GetWalletRequest = {
  readonly walletId: string;
  readonly unit: string;
};

const getWalletRequestFields: Nested<GetWalletRequest> = {
  write(writer, message) {
    writer.text(1, message.walletId);
    writer.text(2, message.unit);
  },
  read(reader) {
    let walletId: string = "";
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) walletId = reader.text();
      else if (reader.isText(2)) unit = reader.text();
      else reader.skip();
    }
    return { walletId, unit };
  },
};

export const getWalletRequest = codecOf(getWalletRequestFields);

export type Wallet = {
  readonly id: string;
  readonly ownerId: string;
  readonly asset: string;
  readonly balance: bigint | null;
  readonly held: bigint | null;
  readonly available: bigint | null;
  readonly creditLimit: bigint | null;
  readonly version: bigint;
  readonly status: string;
  readonly debits: string;
  readonly credits: string;
  readonly limits: Limits | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly asOfSeq: bigint;
  readonly balanceText: string;
  readonly heldText: string;
  readonly availableText: string;
  readonly creditLimitText: string;
};

const walletFields: Nested<Wallet> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.ownerId);
    writer.text(3, message.asset);
    writer.optionalInt64(4, message.balance);
    writer.optionalInt64(5, message.held);
    writer.optionalInt64(6, message.available);
    writer.optionalInt64(7, message.creditLimit);
    writer.int64(8, message.version);
    writer.text(9, message.status);
    writer.text(10, message.debits);
    writer.text(11, message.credits);
    writer.message(12, message.limits, limitsFields);
    writer.text(13, message.createdAt);
    writer.text(14, message.updatedAt);
    writer.int64(15, message.asOfSeq);
    writer.text(16, message.balanceText);
    writer.text(17, message.heldText);
    writer.text(18, message.availableText);
    writer.text(19, message.creditLimitText);
  },
  read(reader) {
    let id: string = "";
    let ownerId: string = "";
    let asset: string = "";
    let balance: bigint | null = null;
    let held: bigint | null = null;
    let available: bigint | null = null;
    let creditLimit: bigint | null = null;
    let version: bigint = 0n;
    let status: string = "";
    let debits: string = "";
    let credits: string = "";
    let limits: Limits | null = null;
    let createdAt: string = "";
    let updatedAt: string = "";
    let asOfSeq: bigint = 0n;
    let balanceText: string = "";
    let heldText: string = "";
    let availableText: string = "";
    let creditLimitText: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) ownerId = reader.text();
      else if (reader.isText(3)) asset = reader.text();
      else if (reader.isInt64(4)) balance = reader.int64();
      else if (reader.isInt64(5)) held = reader.int64();
      else if (reader.isInt64(6)) available = reader.int64();
      else if (reader.isInt64(7)) creditLimit = reader.int64();
      else if (reader.isInt64(8)) version = reader.int64();
      else if (reader.isText(9)) status = reader.text();
      else if (reader.isText(10)) debits = reader.text();
      else if (reader.isText(11)) credits = reader.text();
      else if (reader.isMessage(12)) limits = reader.message(limitsFields);
      else if (reader.isText(13)) createdAt = reader.text();
      else if (reader.isText(14)) updatedAt = reader.text();
      else if (reader.isInt64(15)) asOfSeq = reader.int64();
      else if (reader.isText(16)) balanceText = reader.text();
      else if (reader.isText(17)) heldText = reader.text();
      else if (reader.isText(18)) availableText = reader.text();
      else if (reader.isText(19)) creditLimitText = reader.text();
      else reader.skip();
    }
    return { id, ownerId, asset, balance, held, available, creditLimit, version, status, debits, credits, limits, createdAt, updatedAt, asOfSeq, balanceText, heldText, availableText, creditLimitText };
  },
};

export const wallet = codecOf(walletFields);

export type Limits = {
  readonly perTransfer: bigint | null;
  readonly perDay: bigint | null;
  readonly perMonth: bigint | null;
  readonly usedToday: bigint | null;
  readonly usedThisMonth: bigint | null;
  readonly perTransferText: string;
  readonly perDayText: string;
  readonly perMonthText: string;
  readonly usedTodayText: string;
  readonly usedThisMonthText: string;
};

const limitsFields: Nested<Limits> = {
  write(writer, message) {
    writer.optionalInt64(1, message.perTransfer);
    writer.optionalInt64(2, message.perDay);
    writer.optionalInt64(3, message.perMonth);
    writer.optionalInt64(4, message.usedToday);
    writer.optionalInt64(5, message.usedThisMonth);
    writer.text(6, message.perTransferText);
    writer.text(7, message.perDayText);
    writer.text(8, message.perMonthText);
    writer.text(9, message.usedTodayText);
    writer.text(10, message.usedThisMonthText);
  },
  read(reader) {
    let perTransfer: bigint | null = null;
    let perDay: bigint | null = null;
    let perMonth: bigint | null = null;
    let usedToday: bigint | null = null;
    let usedThisMonth: bigint | null = null;
    let perTransferText: string = "";
    let perDayText: string = "";
    let perMonthText: string = "";
    let usedTodayText: string = "";
    let usedThisMonthText: string = "";
    while (reader.next()) {
      if (reader.isInt64(1)) perTransfer = reader.int64();
      else if (reader.isInt64(2)) perDay = reader.int64();
      else if (reader.isInt64(3)) perMonth = reader.int64();
      else if (reader.isInt64(4)) usedToday = reader.int64();
      else if (reader.isInt64(5)) usedThisMonth = reader.int64();
      else if (reader.isText(6)) perTransferText = reader.text();
      else if (reader.isText(7)) perDayText = reader.text();
      else if (reader.isText(8)) perMonthText = reader.text();
      else if (reader.isText(9)) usedTodayText = reader.text();
      else if (reader.isText(10)) usedThisMonthText = reader.text();
      else reader.skip();
    }
    return { perTransfer, perDay, perMonth, usedToday, usedThisMonth, perTransferText, perDayText, perMonthText, usedTodayText, usedThisMonthText };
  },
};

export type ListWalletsRequest = {
  readonly ownerId: string;
  readonly limit: number;
  readonly cursor: string;
  readonly unit: string;
};

const listWalletsRequestFields: Nested<ListWalletsRequest> = {
  write(writer, message) {
    writer.text(1, message.ownerId);
    writer.int32(2, message.limit);
    writer.text(3, message.cursor);
    writer.text(4, message.unit);
  },
  read(reader) {
    let ownerId: string = "";
    let limit: number = 0;
    let cursor: string = "";
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) ownerId = reader.text();
      else if (reader.isInt32(2)) limit = reader.int32();
      else if (reader.isText(3)) cursor = reader.text();
      else if (reader.isText(4)) unit = reader.text();
      else reader.skip();
    }
    return { ownerId, limit, cursor, unit };
  },
};

export const listWalletsRequest = codecOf(listWalletsRequestFields);

export type ListWalletsResponse = {
  readonly wallets: readonly Wallet[];
  readonly next: string;
};

const listWalletsResponseFields: Nested<ListWalletsResponse> = {
  write(writer, message) {
    writer.messages(1, message.wallets, walletFields);
    writer.text(2, message.next);
  },
  read(reader) {
    const wallets: Wallet[] = [];
    let next: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) wallets.push(reader.message(walletFields));
      else if (reader.isText(2)) next = reader.text();
      else reader.skip();
    }
    return { wallets, next };
  },
};

export const listWalletsResponse = codecOf(listWalletsResponseFields);

export type GetHistoryRequest = {
  readonly walletId: string;
  readonly limit: number;
  readonly cursor: string;
  readonly unit: string;
  readonly since: string;
  readonly until: string;
  readonly kind: string;
  readonly order: string;
};

const getHistoryRequestFields: Nested<GetHistoryRequest> = {
  write(writer, message) {
    writer.text(1, message.walletId);
    writer.int32(2, message.limit);
    writer.text(3, message.cursor);
    writer.text(4, message.unit);
    writer.text(5, message.since);
    writer.text(6, message.until);
    writer.text(7, message.kind);
    writer.text(8, message.order);
  },
  read(reader) {
    let walletId: string = "";
    let limit: number = 0;
    let cursor: string = "";
    let unit: string = "";
    let since: string = "";
    let until: string = "";
    let kind: string = "";
    let order: string = "";
    while (reader.next()) {
      if (reader.isText(1)) walletId = reader.text();
      else if (reader.isInt32(2)) limit = reader.int32();
      else if (reader.isText(3)) cursor = reader.text();
      else if (reader.isText(4)) unit = reader.text();
      else if (reader.isText(5)) since = reader.text();
      else if (reader.isText(6)) until = reader.text();
      else if (reader.isText(7)) kind = reader.text();
      else if (reader.isText(8)) order = reader.text();
      else reader.skip();
    }
    return { walletId, limit, cursor, unit, since, until, kind, order };
  },
};

export const getHistoryRequest = codecOf(getHistoryRequestFields);

export type GetHistoryResponse = {
  readonly items: readonly OperationResult[];
  readonly next: string;
};

const getHistoryResponseFields: Nested<GetHistoryResponse> = {
  write(writer, message) {
    writer.messages(1, message.items, operationResultFields);
    writer.text(2, message.next);
  },
  read(reader) {
    const items: OperationResult[] = [];
    let next: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) items.push(reader.message(operationResultFields));
      else if (reader.isText(2)) next = reader.text();
      else reader.skip();
    }
    return { items, next };
  },
};

export const getHistoryResponse = codecOf(getHistoryResponseFields);

export type GetBalanceAtRequest = {
  readonly walletId: string;
  readonly at: string;
  readonly by: string;
  readonly unit: string;
};

const getBalanceAtRequestFields: Nested<GetBalanceAtRequest> = {
  write(writer, message) {
    writer.text(1, message.walletId);
    writer.text(2, message.at);
    writer.text(3, message.by);
    writer.text(4, message.unit);
  },
  read(reader) {
    let walletId: string = "";
    let at: string = "";
    let by: string = "";
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) walletId = reader.text();
      else if (reader.isText(2)) at = reader.text();
      else if (reader.isText(3)) by = reader.text();
      else if (reader.isText(4)) unit = reader.text();
      else reader.skip();
    }
    return { walletId, at, by, unit };
  },
};

export const getBalanceAtRequest = codecOf(getBalanceAtRequestFields);

export type GetBalanceAtResponse = {
  readonly walletId: string;
  readonly at: string;
  readonly by: string;
  readonly balance: bigint | null;
  readonly held: bigint | null;
  readonly version: bigint | null;
  readonly balanceText: string;
  readonly heldText: string;
};

const getBalanceAtResponseFields: Nested<GetBalanceAtResponse> = {
  write(writer, message) {
    writer.text(1, message.walletId);
    writer.text(2, message.at);
    writer.text(3, message.by);
    writer.optionalInt64(4, message.balance);
    writer.optionalInt64(5, message.held);
    writer.optionalInt64(6, message.version);
    writer.text(7, message.balanceText);
    writer.text(8, message.heldText);
  },
  read(reader) {
    let walletId: string = "";
    let at: string = "";
    let by: string = "";
    let balance: bigint | null = null;
    let held: bigint | null = null;
    let version: bigint | null = null;
    let balanceText: string = "";
    let heldText: string = "";
    while (reader.next()) {
      if (reader.isText(1)) walletId = reader.text();
      else if (reader.isText(2)) at = reader.text();
      else if (reader.isText(3)) by = reader.text();
      else if (reader.isInt64(4)) balance = reader.int64();
      else if (reader.isInt64(5)) held = reader.int64();
      else if (reader.isInt64(6)) version = reader.int64();
      else if (reader.isText(7)) balanceText = reader.text();
      else if (reader.isText(8)) heldText = reader.text();
      else reader.skip();
    }
    return { walletId, at, by, balance, held, version, balanceText, heldText };
  },
};

export const getBalanceAtResponse = codecOf(getBalanceAtResponseFields);

export type GetStatsRequest = {
  readonly walletId: string;
  readonly unit: string;
};

const getStatsRequestFields: Nested<GetStatsRequest> = {
  write(writer, message) {
    writer.text(1, message.walletId);
    writer.text(2, message.unit);
  },
  read(reader) {
    let walletId: string = "";
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) walletId = reader.text();
      else if (reader.isText(2)) unit = reader.text();
      else reader.skip();
    }
    return { walletId, unit };
  },
};

export const getStatsRequest = codecOf(getStatsRequestFields);

export type Stats = {
  readonly walletId: string;
  readonly asset: string;
  readonly balance: bigint | null;
  readonly version: bigint;
  readonly deposited: bigint | null;
  readonly withdrawn: bigint | null;
  readonly toppedUp: bigint | null;
  readonly spent: bigint | null;
  readonly issued: bigint | null;
  readonly transferredIn: bigint | null;
  readonly transferredOut: bigint | null;
  readonly capturedIn: bigint | null;
  readonly capturedOut: bigint | null;
  readonly reversedIn: bigint | null;
  readonly reversedOut: bigint | null;
  readonly sweptIn: bigint | null;
  readonly sweptOut: bigint | null;
  readonly postings: bigint;
  readonly lastActivityAt: string;
  readonly asOfSeq: bigint;
  readonly balanceText: string;
  readonly depositedText: string;
  readonly withdrawnText: string;
  readonly toppedUpText: string;
  readonly spentText: string;
  readonly issuedText: string;
  readonly transferredInText: string;
  readonly transferredOutText: string;
  readonly capturedInText: string;
  readonly capturedOutText: string;
  readonly reversedInText: string;
  readonly reversedOutText: string;
  readonly sweptInText: string;
  readonly sweptOutText: string;
};

const statsFields: Nested<Stats> = {
  write(writer, message) {
    writer.text(1, message.walletId);
    writer.text(2, message.asset);
    writer.optionalInt64(3, message.balance);
    writer.int64(4, message.version);
    writer.optionalInt64(5, message.deposited);
    writer.optionalInt64(6, message.withdrawn);
    writer.optionalInt64(7, message.toppedUp);
    writer.optionalInt64(8, message.spent);
    writer.optionalInt64(9, message.issued);
    writer.optionalInt64(10, message.transferredIn);
    writer.optionalInt64(11, message.transferredOut);
    writer.optionalInt64(12, message.capturedIn);
    writer.optionalInt64(13, message.capturedOut);
    writer.optionalInt64(14, message.reversedIn);
    writer.optionalInt64(15, message.reversedOut);
    writer.optionalInt64(16, message.sweptIn);
    writer.optionalInt64(17, message.sweptOut);
    writer.int64(18, message.postings);
    writer.text(19, message.lastActivityAt);
    writer.int64(20, message.asOfSeq);
    writer.text(21, message.balanceText);
    writer.text(22, message.depositedText);
    writer.text(23, message.withdrawnText);
    writer.text(24, message.toppedUpText);
    writer.text(25, message.spentText);
    writer.text(26, message.issuedText);
    writer.text(27, message.transferredInText);
    writer.text(28, message.transferredOutText);
    writer.text(29, message.capturedInText);
    writer.text(30, message.capturedOutText);
    writer.text(31, message.reversedInText);
    writer.text(32, message.reversedOutText);
    writer.text(33, message.sweptInText);
    writer.text(34, message.sweptOutText);
  },
  read(reader) {
    let walletId: string = "";
    let asset: string = "";
    let balance: bigint | null = null;
    let version: bigint = 0n;
    let deposited: bigint | null = null;
    let withdrawn: bigint | null = null;
    let toppedUp: bigint | null = null;
    let spent: bigint | null = null;
    let issued: bigint | null = null;
    let transferredIn: bigint | null = null;
    let transferredOut: bigint | null = null;
    let capturedIn: bigint | null = null;
    let capturedOut: bigint | null = null;
    let reversedIn: bigint | null = null;
    let reversedOut: bigint | null = null;
    let sweptIn: bigint | null = null;
    let sweptOut: bigint | null = null;
    let postings: bigint = 0n;
    let lastActivityAt: string = "";
    let asOfSeq: bigint = 0n;
    let balanceText: string = "";
    let depositedText: string = "";
    let withdrawnText: string = "";
    let toppedUpText: string = "";
    let spentText: string = "";
    let issuedText: string = "";
    let transferredInText: string = "";
    let transferredOutText: string = "";
    let capturedInText: string = "";
    let capturedOutText: string = "";
    let reversedInText: string = "";
    let reversedOutText: string = "";
    let sweptInText: string = "";
    let sweptOutText: string = "";
    while (reader.next()) {
      if (reader.isText(1)) walletId = reader.text();
      else if (reader.isText(2)) asset = reader.text();
      else if (reader.isInt64(3)) balance = reader.int64();
      else if (reader.isInt64(4)) version = reader.int64();
      else if (reader.isInt64(5)) deposited = reader.int64();
      else if (reader.isInt64(6)) withdrawn = reader.int64();
      else if (reader.isInt64(7)) toppedUp = reader.int64();
      else if (reader.isInt64(8)) spent = reader.int64();
      else if (reader.isInt64(9)) issued = reader.int64();
      else if (reader.isInt64(10)) transferredIn = reader.int64();
      else if (reader.isInt64(11)) transferredOut = reader.int64();
      else if (reader.isInt64(12)) capturedIn = reader.int64();
      else if (reader.isInt64(13)) capturedOut = reader.int64();
      else if (reader.isInt64(14)) reversedIn = reader.int64();
      else if (reader.isInt64(15)) reversedOut = reader.int64();
      else if (reader.isInt64(16)) sweptIn = reader.int64();
      else if (reader.isInt64(17)) sweptOut = reader.int64();
      else if (reader.isInt64(18)) postings = reader.int64();
      else if (reader.isText(19)) lastActivityAt = reader.text();
      else if (reader.isInt64(20)) asOfSeq = reader.int64();
      else if (reader.isText(21)) balanceText = reader.text();
      else if (reader.isText(22)) depositedText = reader.text();
      else if (reader.isText(23)) withdrawnText = reader.text();
      else if (reader.isText(24)) toppedUpText = reader.text();
      else if (reader.isText(25)) spentText = reader.text();
      else if (reader.isText(26)) issuedText = reader.text();
      else if (reader.isText(27)) transferredInText = reader.text();
      else if (reader.isText(28)) transferredOutText = reader.text();
      else if (reader.isText(29)) capturedInText = reader.text();
      else if (reader.isText(30)) capturedOutText = reader.text();
      else if (reader.isText(31)) reversedInText = reader.text();
      else if (reader.isText(32)) reversedOutText = reader.text();
      else if (reader.isText(33)) sweptInText = reader.text();
      else if (reader.isText(34)) sweptOutText = reader.text();
      else reader.skip();
    }
    return { walletId, asset, balance, version, deposited, withdrawn, toppedUp, spent, issued, transferredIn, transferredOut, capturedIn, capturedOut, reversedIn, reversedOut, sweptIn, sweptOut, postings, lastActivityAt, asOfSeq, balanceText, depositedText, withdrawnText, toppedUpText, spentText, issuedText, transferredInText, transferredOutText, capturedInText, capturedOutText, reversedInText, reversedOutText, sweptInText, sweptOutText };
  },
};

export const stats = codecOf(statsFields);

export type GetHoldRequest = {
  readonly holdId: string;
  readonly unit: string;
};

const getHoldRequestFields: Nested<GetHoldRequest> = {
  write(writer, message) {
    writer.text(1, message.holdId);
    writer.text(2, message.unit);
  },
  read(reader) {
    let holdId: string = "";
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) holdId = reader.text();
      else if (reader.isText(2)) unit = reader.text();
      else reader.skip();
    }
    return { holdId, unit };
  },
};

export const getHoldRequest = codecOf(getHoldRequestFields);

export type Hold = {
  readonly holdId: string;
  readonly walletId: string;
  readonly asset: string;
  readonly amount: bigint | null;
  readonly left: bigint | null;
  readonly captured: bigint | null;
  readonly released: bigint | null;
  readonly status: string;
  readonly expiresAt: string;
  readonly createdAt: string;
  readonly amountText: string;
  readonly leftText: string;
  readonly capturedText: string;
  readonly releasedText: string;
};

const holdFields: Nested<Hold> = {
  write(writer, message) {
    writer.text(1, message.holdId);
    writer.text(2, message.walletId);
    writer.text(3, message.asset);
    writer.optionalInt64(4, message.amount);
    writer.optionalInt64(5, message.left);
    writer.optionalInt64(6, message.captured);
    writer.optionalInt64(7, message.released);
    writer.text(8, message.status);
    writer.text(9, message.expiresAt);
    writer.text(10, message.createdAt);
    writer.text(11, message.amountText);
    writer.text(12, message.leftText);
    writer.text(13, message.capturedText);
    writer.text(14, message.releasedText);
  },
  read(reader) {
    let holdId: string = "";
    let walletId: string = "";
    let asset: string = "";
    let amount: bigint | null = null;
    let left: bigint | null = null;
    let captured: bigint | null = null;
    let released: bigint | null = null;
    let status: string = "";
    let expiresAt: string = "";
    let createdAt: string = "";
    let amountText: string = "";
    let leftText: string = "";
    let capturedText: string = "";
    let releasedText: string = "";
    while (reader.next()) {
      if (reader.isText(1)) holdId = reader.text();
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isText(3)) asset = reader.text();
      else if (reader.isInt64(4)) amount = reader.int64();
      else if (reader.isInt64(5)) left = reader.int64();
      else if (reader.isInt64(6)) captured = reader.int64();
      else if (reader.isInt64(7)) released = reader.int64();
      else if (reader.isText(8)) status = reader.text();
      else if (reader.isText(9)) expiresAt = reader.text();
      else if (reader.isText(10)) createdAt = reader.text();
      else if (reader.isText(11)) amountText = reader.text();
      else if (reader.isText(12)) leftText = reader.text();
      else if (reader.isText(13)) capturedText = reader.text();
      else if (reader.isText(14)) releasedText = reader.text();
      else reader.skip();
    }
    return { holdId, walletId, asset, amount, left, captured, released, status, expiresAt, createdAt, amountText, leftText, capturedText, releasedText };
  },
};

export const hold = codecOf(holdFields);

export type ListHoldsRequest = {
  readonly walletId: string;
  readonly open: boolean;
  readonly limit: number;
  readonly cursor: string;
  readonly unit: string;
};

const listHoldsRequestFields: Nested<ListHoldsRequest> = {
  write(writer, message) {
    writer.text(1, message.walletId);
    writer.bool(2, message.open);
    writer.int32(3, message.limit);
    writer.text(4, message.cursor);
    writer.text(5, message.unit);
  },
  read(reader) {
    let walletId: string = "";
    let open: boolean = false;
    let limit: number = 0;
    let cursor: string = "";
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) walletId = reader.text();
      else if (reader.isBool(2)) open = reader.bool();
      else if (reader.isInt32(3)) limit = reader.int32();
      else if (reader.isText(4)) cursor = reader.text();
      else if (reader.isText(5)) unit = reader.text();
      else reader.skip();
    }
    return { walletId, open, limit, cursor, unit };
  },
};

export const listHoldsRequest = codecOf(listHoldsRequestFields);

export type ListHoldsResponse = {
  readonly holds: readonly Hold[];
  readonly next: string;
};

const listHoldsResponseFields: Nested<ListHoldsResponse> = {
  write(writer, message) {
    writer.messages(1, message.holds, holdFields);
    writer.text(2, message.next);
  },
  read(reader) {
    const holds: Hold[] = [];
    let next: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) holds.push(reader.message(holdFields));
      else if (reader.isText(2)) next = reader.text();
      else reader.skip();
    }
    return { holds, next };
  },
};

export const listHoldsResponse = codecOf(listHoldsResponseFields);

export type ListEventsRequest = {
  readonly limit: number;
  readonly cursor: string;
};

const listEventsRequestFields: Nested<ListEventsRequest> = {
  write(writer, message) {
    writer.int32(1, message.limit);
    writer.text(2, message.cursor);
  },
  read(reader) {
    let limit: number = 0;
    let cursor: string = "";
    while (reader.next()) {
      if (reader.isInt32(1)) limit = reader.int32();
      else if (reader.isText(2)) cursor = reader.text();
      else reader.skip();
    }
    return { limit, cursor };
  },
};

export const listEventsRequest = codecOf(listEventsRequestFields);

export type ListEventsResponse = {
  readonly events: readonly Event[];
  readonly next: string;
};

const listEventsResponseFields: Nested<ListEventsResponse> = {
  write(writer, message) {
    writer.messages(1, message.events, eventFields);
    writer.text(2, message.next);
  },
  read(reader) {
    const events: Event[] = [];
    let next: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) events.push(reader.message(eventFields));
      else if (reader.isText(2)) next = reader.text();
      else reader.skip();
    }
    return { events, next };
  },
};

export const listEventsResponse = codecOf(listEventsResponseFields);

export type Event = {
  readonly id: string;
  readonly type: string;
  readonly walletId: string;
  readonly seq: bigint;
  readonly recordedAt: string;
  readonly data: string;
};

const eventFields: Nested<Event> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.type);
    writer.text(3, message.walletId);
    writer.int64(4, message.seq);
    writer.text(5, message.recordedAt);
    writer.text(6, message.data);
  },
  read(reader) {
    let id: string = "";
    let type: string = "";
    let walletId: string = "";
    let seq: bigint = 0n;
    let recordedAt: string = "";
    let data: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) type = reader.text();
      else if (reader.isText(3)) walletId = reader.text();
      else if (reader.isInt64(4)) seq = reader.int64();
      else if (reader.isText(5)) recordedAt = reader.text();
      else if (reader.isText(6)) data = reader.text();
      else reader.skip();
    }
    return { id, type, walletId, seq, recordedAt, data };
  },
};

export type OperationFilter = {
  readonly kind: string;
  readonly walletId: string;
  readonly account: string;
  readonly counterparty: string;
  readonly ownerId: string;
  readonly asset: string;
  readonly amountMin: string;
  readonly amountMax: string;
  readonly status: string;
  readonly refusal: string;
  readonly key: string;
  readonly metadata: readonly string[];
  readonly since: string;
  readonly until: string;
  readonly text: string;
};

const operationFilterFields: Nested<OperationFilter> = {
  write(writer, message) {
    writer.text(1, message.kind);
    writer.text(2, message.walletId);
    writer.text(3, message.account);
    writer.text(4, message.counterparty);
    writer.text(5, message.ownerId);
    writer.text(6, message.asset);
    writer.text(7, message.amountMin);
    writer.text(8, message.amountMax);
    writer.text(9, message.status);
    writer.text(10, message.refusal);
    writer.text(11, message.key);
    writer.texts(12, message.metadata);
    writer.text(13, message.since);
    writer.text(14, message.until);
    writer.text(15, message.text);
  },
  read(reader) {
    let kind: string = "";
    let walletId: string = "";
    let account: string = "";
    let counterparty: string = "";
    let ownerId: string = "";
    let asset: string = "";
    let amountMin: string = "";
    let amountMax: string = "";
    let status: string = "";
    let refusal: string = "";
    let key: string = "";
    const metadata: string[] = [];
    let since: string = "";
    let until: string = "";
    let text: string = "";
    while (reader.next()) {
      if (reader.isText(1)) kind = reader.text();
      else if (reader.isText(2)) walletId = reader.text();
      else if (reader.isText(3)) account = reader.text();
      else if (reader.isText(4)) counterparty = reader.text();
      else if (reader.isText(5)) ownerId = reader.text();
      else if (reader.isText(6)) asset = reader.text();
      else if (reader.isText(7)) amountMin = reader.text();
      else if (reader.isText(8)) amountMax = reader.text();
      else if (reader.isText(9)) status = reader.text();
      else if (reader.isText(10)) refusal = reader.text();
      else if (reader.isText(11)) key = reader.text();
      else if (reader.isText(12)) metadata.push(reader.text());
      else if (reader.isText(13)) since = reader.text();
      else if (reader.isText(14)) until = reader.text();
      else if (reader.isText(15)) text = reader.text();
      else reader.skip();
    }
    return { kind, walletId, account, counterparty, ownerId, asset, amountMin, amountMax, status, refusal, key, metadata, since, until, text };
  },
};

export type Paging = {
  readonly limit: number;
  readonly cursor: string;
  readonly order: string;
  readonly estimate: boolean;
};

const pagingFields: Nested<Paging> = {
  write(writer, message) {
    writer.int32(1, message.limit);
    writer.text(2, message.cursor);
    writer.text(3, message.order);
    writer.bool(4, message.estimate);
  },
  read(reader) {
    let limit: number = 0;
    let cursor: string = "";
    let order: string = "";
    let estimate: boolean = false;
    while (reader.next()) {
      if (reader.isInt32(1)) limit = reader.int32();
      else if (reader.isText(2)) cursor = reader.text();
      else if (reader.isText(3)) order = reader.text();
      else if (reader.isBool(4)) estimate = reader.bool();
      else reader.skip();
    }
    return { limit, cursor, order, estimate };
  },
};

export type Found = {
  readonly next: string;
  readonly previous: string;
  readonly estimate: bigint | null;
  readonly exact: boolean;
  readonly asOf: readonly BookPosition[];
  readonly behind: bigint;
};

const foundFields: Nested<Found> = {
  write(writer, message) {
    writer.text(1, message.next);
    writer.text(2, message.previous);
    writer.optionalInt64(3, message.estimate);
    writer.bool(4, message.exact);
    writer.messages(5, message.asOf, bookPositionFields);
    writer.int64(6, message.behind);
  },
  read(reader) {
    let next: string = "";
    let previous: string = "";
    let estimate: bigint | null = null;
    let exact: boolean = false;
    const asOf: BookPosition[] = [];
    let behind: bigint = 0n;
    while (reader.next()) {
      if (reader.isText(1)) next = reader.text();
      else if (reader.isText(2)) previous = reader.text();
      else if (reader.isInt64(3)) estimate = reader.int64();
      else if (reader.isBool(4)) exact = reader.bool();
      else if (reader.isMessage(5)) asOf.push(reader.message(bookPositionFields));
      else if (reader.isInt64(6)) behind = reader.int64();
      else reader.skip();
    }
    return { next, previous, estimate, exact, asOf, behind };
  },
};

export type BookPosition = {
  readonly book: bigint;
  readonly seq: bigint;
};

const bookPositionFields: Nested<BookPosition> = {
  write(writer, message) {
    writer.int64(1, message.book);
    writer.int64(2, message.seq);
  },
  read(reader) {
    let book: bigint = 0n;
    let seq: bigint = 0n;
    while (reader.next()) {
      if (reader.isInt64(1)) book = reader.int64();
      else if (reader.isInt64(2)) seq = reader.int64();
      else reader.skip();
    }
    return { book, seq };
  },
};

export type FindOperationsRequest = {
  readonly filter: OperationFilter | null;
  readonly page: Paging | null;
  readonly unit: string;
};

const findOperationsRequestFields: Nested<FindOperationsRequest> = {
  write(writer, message) {
    writer.message(1, message.filter, operationFilterFields);
    writer.message(2, message.page, pagingFields);
    writer.text(3, message.unit);
  },
  read(reader) {
    let filter: OperationFilter | null = null;
    let page: Paging | null = null;
    let unit: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) filter = reader.message(operationFilterFields);
      else if (reader.isMessage(2)) page = reader.message(pagingFields);
      else if (reader.isText(3)) unit = reader.text();
      else reader.skip();
    }
    return { filter, page, unit };
  },
};

export const findOperationsRequest = codecOf(findOperationsRequestFields);

export type FindOperationsResponse = {
  readonly operations: readonly OperationResult[];
  readonly found: Found | null;
};

const findOperationsResponseFields: Nested<FindOperationsResponse> = {
  write(writer, message) {
    writer.messages(1, message.operations, operationResultFields);
    writer.message(2, message.found, foundFields);
  },
  read(reader) {
    const operations: OperationResult[] = [];
    let found: Found | null = null;
    while (reader.next()) {
      if (reader.isMessage(1)) operations.push(reader.message(operationResultFields));
      else if (reader.isMessage(2)) found = reader.message(foundFields);
      else reader.skip();
    }
    return { operations, found };
  },
};

export const findOperationsResponse = codecOf(findOperationsResponseFields);

export type FindHoldsRequest = {
  readonly filter: OperationFilter | null;
  readonly state: string;
  readonly page: Paging | null;
  readonly unit: string;
};

const findHoldsRequestFields: Nested<FindHoldsRequest> = {
  write(writer, message) {
    writer.message(1, message.filter, operationFilterFields);
    writer.text(2, message.state);
    writer.message(3, message.page, pagingFields);
    writer.text(4, message.unit);
  },
  read(reader) {
    let filter: OperationFilter | null = null;
    let state: string = "";
    let page: Paging | null = null;
    let unit: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) filter = reader.message(operationFilterFields);
      else if (reader.isText(2)) state = reader.text();
      else if (reader.isMessage(3)) page = reader.message(pagingFields);
      else if (reader.isText(4)) unit = reader.text();
      else reader.skip();
    }
    return { filter, state, page, unit };
  },
};

export const findHoldsRequest = codecOf(findHoldsRequestFields);

export type FindHoldsResponse = {
  readonly holds: readonly Hold[];
  readonly found: Found | null;
};

const findHoldsResponseFields: Nested<FindHoldsResponse> = {
  write(writer, message) {
    writer.messages(1, message.holds, holdFields);
    writer.message(2, message.found, foundFields);
  },
  read(reader) {
    const holds: Hold[] = [];
    let found: Found | null = null;
    while (reader.next()) {
      if (reader.isMessage(1)) holds.push(reader.message(holdFields));
      else if (reader.isMessage(2)) found = reader.message(foundFields);
      else reader.skip();
    }
    return { holds, found };
  },
};

export const findHoldsResponse = codecOf(findHoldsResponseFields);

export type FindWalletsRequest = {
  readonly ownerId: string;
  readonly asset: string;
  readonly state: string;
  readonly balanceMin: string;
  readonly balanceMax: string;
  readonly sort: string;
  readonly page: Paging | null;
  readonly unit: string;
};

const findWalletsRequestFields: Nested<FindWalletsRequest> = {
  write(writer, message) {
    writer.text(1, message.ownerId);
    writer.text(2, message.asset);
    writer.text(3, message.state);
    writer.text(4, message.balanceMin);
    writer.text(5, message.balanceMax);
    writer.text(6, message.sort);
    writer.message(7, message.page, pagingFields);
    writer.text(8, message.unit);
  },
  read(reader) {
    let ownerId: string = "";
    let asset: string = "";
    let state: string = "";
    let balanceMin: string = "";
    let balanceMax: string = "";
    let sort: string = "";
    let page: Paging | null = null;
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) ownerId = reader.text();
      else if (reader.isText(2)) asset = reader.text();
      else if (reader.isText(3)) state = reader.text();
      else if (reader.isText(4)) balanceMin = reader.text();
      else if (reader.isText(5)) balanceMax = reader.text();
      else if (reader.isText(6)) sort = reader.text();
      else if (reader.isMessage(7)) page = reader.message(pagingFields);
      else if (reader.isText(8)) unit = reader.text();
      else reader.skip();
    }
    return { ownerId, asset, state, balanceMin, balanceMax, sort, page, unit };
  },
};

export const findWalletsRequest = codecOf(findWalletsRequestFields);

export type FindWalletsResponse = {
  readonly wallets: readonly Wallet[];
  readonly found: Found | null;
};

const findWalletsResponseFields: Nested<FindWalletsResponse> = {
  write(writer, message) {
    writer.messages(1, message.wallets, walletFields);
    writer.message(2, message.found, foundFields);
  },
  read(reader) {
    const wallets: Wallet[] = [];
    let found: Found | null = null;
    while (reader.next()) {
      if (reader.isMessage(1)) wallets.push(reader.message(walletFields));
      else if (reader.isMessage(2)) found = reader.message(foundFields);
      else reader.skip();
    }
    return { wallets, found };
  },
};

export const findWalletsResponse = codecOf(findWalletsResponseFields);

export type SearchRequest = {
  readonly q: string;
  readonly limit: number;
  readonly unit: string;
};

const searchRequestFields: Nested<SearchRequest> = {
  write(writer, message) {
    writer.text(1, message.q);
    writer.int32(2, message.limit);
    writer.text(3, message.unit);
  },
  read(reader) {
    let q: string = "";
    let limit: number = 0;
    let unit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) q = reader.text();
      else if (reader.isInt32(2)) limit = reader.int32();
      else if (reader.isText(3)) unit = reader.text();
      else reader.skip();
    }
    return { q, limit, unit };
  },
};

export const searchRequest = codecOf(searchRequestFields);

export type SearchResponse = {
  readonly results: readonly SearchResult[];
};

const searchResponseFields: Nested<SearchResponse> = {
  write(writer, message) {
    writer.messages(1, message.results, searchResultFields);
  },
  read(reader) {
    const results: SearchResult[] = [];
    while (reader.next()) {
      if (reader.isMessage(1)) results.push(reader.message(searchResultFields));
      else reader.skip();
    }
    return { results };
  },
};

export const searchResponse = codecOf(searchResponseFields);

export type SearchResult = {
  readonly kind: string;
  readonly id: string;
  readonly by: string;
  readonly operation: OperationResult | null;
  readonly hold: Hold | null;
  readonly wallet: Wallet | null;
};

const searchResultFields: Nested<SearchResult> = {
  write(writer, message) {
    writer.text(1, message.kind);
    writer.text(2, message.id);
    writer.text(3, message.by);
    writer.message(4, message.operation, operationResultFields);
    writer.message(5, message.hold, holdFields);
    writer.message(6, message.wallet, walletFields);
  },
  read(reader) {
    let kind: string = "";
    let id: string = "";
    let by: string = "";
    let operation: OperationResult | null = null;
    let hold: Hold | null = null;
    let wallet: Wallet | null = null;
    while (reader.next()) {
      if (reader.isText(1)) kind = reader.text();
      else if (reader.isText(2)) id = reader.text();
      else if (reader.isText(3)) by = reader.text();
      else if (reader.isMessage(4)) operation = reader.message(operationResultFields);
      else if (reader.isMessage(5)) hold = reader.message(holdFields);
      else if (reader.isMessage(6)) wallet = reader.message(walletFields);
      else reader.skip();
    }
    return { kind, id, by, operation, hold, wallet };
  },
};

export type ListAssetsRequest = {
};

const listAssetsRequestFields: Nested<ListAssetsRequest> = {
  write() {
  },
  read(reader) {
    while (reader.next()) {
      reader.skip();
    }
    return {  };
  },
};

export const listAssetsRequest = codecOf(listAssetsRequestFields);

export type ListAssetsResponse = {
  readonly assets: readonly Asset[];
};

const listAssetsResponseFields: Nested<ListAssetsResponse> = {
  write(writer, message) {
    writer.messages(1, message.assets, assetFields);
  },
  read(reader) {
    const assets: Asset[] = [];
    while (reader.next()) {
      if (reader.isMessage(1)) assets.push(reader.message(assetFields));
      else reader.skip();
    }
    return { assets };
  },
};

export const listAssetsResponse = codecOf(listAssetsResponseFields);

export type Asset = {
  readonly id: bigint;
  readonly code: string;
  readonly scale: number;
  readonly name: string;
  readonly kind: string;
  readonly retired: boolean;
};

const assetFields: Nested<Asset> = {
  write(writer, message) {
    writer.int64(1, message.id);
    writer.text(2, message.code);
    writer.int32(3, message.scale);
    writer.text(4, message.name);
    writer.text(5, message.kind);
    writer.bool(6, message.retired);
  },
  read(reader) {
    let id: bigint = 0n;
    let code: string = "";
    let scale: number = 0;
    let name: string = "";
    let kind: string = "";
    let retired: boolean = false;
    while (reader.next()) {
      if (reader.isInt64(1)) id = reader.int64();
      else if (reader.isText(2)) code = reader.text();
      else if (reader.isInt32(3)) scale = reader.int32();
      else if (reader.isText(4)) name = reader.text();
      else if (reader.isText(5)) kind = reader.text();
      else if (reader.isBool(6)) retired = reader.bool();
      else reader.skip();
    }
    return { id, code, scale, name, kind, retired };
  },
};

export const asset = codecOf(assetFields);

export type AddAssetRequest = {
  readonly code: string;
  readonly scale: number;
  readonly name: string;
  readonly kind: string;
};

const addAssetRequestFields: Nested<AddAssetRequest> = {
  write(writer, message) {
    writer.text(1, message.code);
    writer.int32(2, message.scale);
    writer.text(3, message.name);
    writer.text(4, message.kind);
  },
  read(reader) {
    let code: string = "";
    let scale: number = 0;
    let name: string = "";
    let kind: string = "";
    while (reader.next()) {
      if (reader.isText(1)) code = reader.text();
      else if (reader.isInt32(2)) scale = reader.int32();
      else if (reader.isText(3)) name = reader.text();
      else if (reader.isText(4)) kind = reader.text();
      else reader.skip();
    }
    return { code, scale, name, kind };
  },
};

export const addAssetRequest = codecOf(addAssetRequestFields);

export type ListAccountsRequest = {
};

const listAccountsRequestFields: Nested<ListAccountsRequest> = {
  write() {
  },
  read(reader) {
    while (reader.next()) {
      reader.skip();
    }
    return {  };
  },
};

export const listAccountsRequest = codecOf(listAccountsRequestFields);

export type ListAccountsResponse = {
  readonly accounts: readonly ChartAccount[];
};

const listAccountsResponseFields: Nested<ListAccountsResponse> = {
  write(writer, message) {
    writer.messages(1, message.accounts, chartAccountFields);
  },
  read(reader) {
    const accounts: ChartAccount[] = [];
    while (reader.next()) {
      if (reader.isMessage(1)) accounts.push(reader.message(chartAccountFields));
      else reader.skip();
    }
    return { accounts };
  },
};

export const listAccountsResponse = codecOf(listAccountsResponseFields);

export type ChartAccount = {
  readonly id: string;
  readonly asset: string;
  readonly type: string;
  readonly name: string;
  readonly floor: string;
  readonly parent: string;
  readonly builtIn: boolean;
};

const chartAccountFields: Nested<ChartAccount> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.asset);
    writer.text(3, message.type);
    writer.text(4, message.name);
    writer.text(5, message.floor);
    writer.text(6, message.parent);
    writer.bool(7, message.builtIn);
  },
  read(reader) {
    let id: string = "";
    let asset: string = "";
    let type: string = "";
    let name: string = "";
    let floor: string = "";
    let parent: string = "";
    let builtIn: boolean = false;
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) asset = reader.text();
      else if (reader.isText(3)) type = reader.text();
      else if (reader.isText(4)) name = reader.text();
      else if (reader.isText(5)) floor = reader.text();
      else if (reader.isText(6)) parent = reader.text();
      else if (reader.isBool(7)) builtIn = reader.bool();
      else reader.skip();
    }
    return { id, asset, type, name, floor, parent, builtIn };
  },
};

export const chartAccount = codecOf(chartAccountFields);

export type AddAccountRequest = {
  readonly id: string;
  readonly asset: string;
  readonly type: string;
  readonly name: string;
  readonly floor: string;
  readonly parent: string;
};

const addAccountRequestFields: Nested<AddAccountRequest> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.asset);
    writer.text(3, message.type);
    writer.text(4, message.name);
    writer.text(5, message.floor);
    writer.text(6, message.parent);
  },
  read(reader) {
    let id: string = "";
    let asset: string = "";
    let type: string = "";
    let name: string = "";
    let floor: string = "";
    let parent: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) asset = reader.text();
      else if (reader.isText(3)) type = reader.text();
      else if (reader.isText(4)) name = reader.text();
      else if (reader.isText(5)) floor = reader.text();
      else if (reader.isText(6)) parent = reader.text();
      else reader.skip();
    }
    return { id, asset, type, name, floor, parent };
  },
};

export const addAccountRequest = codecOf(addAccountRequestFields);

export type GetAccountRequest = {
  readonly id: string;
  readonly asset: string;
  readonly at: string;
};

const getAccountRequestFields: Nested<GetAccountRequest> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.text(2, message.asset);
    writer.text(3, message.at);
  },
  read(reader) {
    let id: string = "";
    let asset: string = "";
    let at: string = "";
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) asset = reader.text();
      else if (reader.isText(3)) at = reader.text();
      else reader.skip();
    }
    return { id, asset, at };
  },
};

export const getAccountRequest = codecOf(getAccountRequestFields);

export type AccountBalance = {
  readonly account: ChartAccount | null;
  readonly asset: string;
  readonly balance: string;
};

const accountBalanceFields: Nested<AccountBalance> = {
  write(writer, message) {
    writer.message(1, message.account, chartAccountFields);
    writer.text(2, message.asset);
    writer.text(3, message.balance);
  },
  read(reader) {
    let account: ChartAccount | null = null;
    let asset: string = "";
    let balance: string = "";
    while (reader.next()) {
      if (reader.isMessage(1)) account = reader.message(chartAccountFields);
      else if (reader.isText(2)) asset = reader.text();
      else if (reader.isText(3)) balance = reader.text();
      else reader.skip();
    }
    return { account, asset, balance };
  },
};

export const accountBalance = codecOf(accountBalanceFields);

export type GetPastReportRequest = {
  readonly at: string;
};

const getPastReportRequestFields: Nested<GetPastReportRequest> = {
  write(writer, message) {
    writer.text(1, message.at);
  },
  read(reader) {
    let at: string = "";
    while (reader.next()) {
      if (reader.isText(1)) at = reader.text();
      else reader.skip();
    }
    return { at };
  },
};

export const getPastReportRequest = codecOf(getPastReportRequestFields);

export type GetIncomeRequest = {
  readonly since: string;
  readonly until: string;
};

const getIncomeRequestFields: Nested<GetIncomeRequest> = {
  write(writer, message) {
    writer.text(1, message.since);
    writer.text(2, message.until);
  },
  read(reader) {
    let since: string = "";
    let until: string = "";
    while (reader.next()) {
      if (reader.isText(1)) since = reader.text();
      else if (reader.isText(2)) until = reader.text();
      else reader.skip();
    }
    return { since, until };
  },
};

export const getIncomeRequest = codecOf(getIncomeRequestFields);

export type TrialBalance = {
  readonly assets: readonly TrialBalanceOfAsset[];
};

const trialBalanceFields: Nested<TrialBalance> = {
  write(writer, message) {
    writer.messages(1, message.assets, trialBalanceOfAssetFields);
  },
  read(reader) {
    const assets: TrialBalanceOfAsset[] = [];
    while (reader.next()) {
      if (reader.isMessage(1)) assets.push(reader.message(trialBalanceOfAssetFields));
      else reader.skip();
    }
    return { assets };
  },
};

export const trialBalance = codecOf(trialBalanceFields);

export type TrialBalanceOfAsset = {
  readonly asset: string;
  readonly lines: readonly TrialLine[];
  readonly debit: string;
  readonly credit: string;
};

const trialBalanceOfAssetFields: Nested<TrialBalanceOfAsset> = {
  write(writer, message) {
    writer.text(1, message.asset);
    writer.messages(2, message.lines, trialLineFields);
    writer.text(3, message.debit);
    writer.text(4, message.credit);
  },
  read(reader) {
    let asset: string = "";
    const lines: TrialLine[] = [];
    let debit: string = "";
    let credit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) asset = reader.text();
      else if (reader.isMessage(2)) lines.push(reader.message(trialLineFields));
      else if (reader.isText(3)) debit = reader.text();
      else if (reader.isText(4)) credit = reader.text();
      else reader.skip();
    }
    return { asset, lines, debit, credit };
  },
};

export type TrialLine = {
  readonly account: string;
  readonly name: string;
  readonly type: string;
  readonly parent: string;
  readonly debit: string;
  readonly credit: string;
};

const trialLineFields: Nested<TrialLine> = {
  write(writer, message) {
    writer.text(1, message.account);
    writer.text(2, message.name);
    writer.text(3, message.type);
    writer.text(4, message.parent);
    writer.text(5, message.debit);
    writer.text(6, message.credit);
  },
  read(reader) {
    let account: string = "";
    let name: string = "";
    let type: string = "";
    let parent: string = "";
    let debit: string = "";
    let credit: string = "";
    while (reader.next()) {
      if (reader.isText(1)) account = reader.text();
      else if (reader.isText(2)) name = reader.text();
      else if (reader.isText(3)) type = reader.text();
      else if (reader.isText(4)) parent = reader.text();
      else if (reader.isText(5)) debit = reader.text();
      else if (reader.isText(6)) credit = reader.text();
      else reader.skip();
    }
    return { account, name, type, parent, debit, credit };
  },
};

export type Report = {
  readonly assets: readonly ReportOfAsset[];
};

const reportFields: Nested<Report> = {
  write(writer, message) {
    writer.messages(1, message.assets, reportOfAssetFields);
  },
  read(reader) {
    const assets: ReportOfAsset[] = [];
    while (reader.next()) {
      if (reader.isMessage(1)) assets.push(reader.message(reportOfAssetFields));
      else reader.skip();
    }
    return { assets };
  },
};

export const report = codecOf(reportFields);

export type ReportOfAsset = {
  readonly asset: string;
  readonly sections: readonly ReportSection[];
  readonly result: string;
};

const reportOfAssetFields: Nested<ReportOfAsset> = {
  write(writer, message) {
    writer.text(1, message.asset);
    writer.messages(2, message.sections, reportSectionFields);
    writer.text(3, message.result);
  },
  read(reader) {
    let asset: string = "";
    const sections: ReportSection[] = [];
    let result: string = "";
    while (reader.next()) {
      if (reader.isText(1)) asset = reader.text();
      else if (reader.isMessage(2)) sections.push(reader.message(reportSectionFields));
      else if (reader.isText(3)) result = reader.text();
      else reader.skip();
    }
    return { asset, sections, result };
  },
};

export type ReportSection = {
  readonly type: string;
  readonly lines: readonly ReportLine[];
  readonly total: string;
};

const reportSectionFields: Nested<ReportSection> = {
  write(writer, message) {
    writer.text(1, message.type);
    writer.messages(2, message.lines, reportLineFields);
    writer.text(3, message.total);
  },
  read(reader) {
    let type: string = "";
    const lines: ReportLine[] = [];
    let total: string = "";
    while (reader.next()) {
      if (reader.isText(1)) type = reader.text();
      else if (reader.isMessage(2)) lines.push(reader.message(reportLineFields));
      else if (reader.isText(3)) total = reader.text();
      else reader.skip();
    }
    return { type, lines, total };
  },
};

export type ReportLine = {
  readonly account: string;
  readonly name: string;
  readonly parent: string;
  readonly balance: string;
  readonly total: string;
};

const reportLineFields: Nested<ReportLine> = {
  write(writer, message) {
    writer.text(1, message.account);
    writer.text(2, message.name);
    writer.text(3, message.parent);
    writer.text(4, message.balance);
    writer.text(5, message.total);
  },
  read(reader) {
    let account: string = "";
    let name: string = "";
    let parent: string = "";
    let balance: string = "";
    let total: string = "";
    while (reader.next()) {
      if (reader.isText(1)) account = reader.text();
      else if (reader.isText(2)) name = reader.text();
      else if (reader.isText(3)) parent = reader.text();
      else if (reader.isText(4)) balance = reader.text();
      else if (reader.isText(5)) total = reader.text();
      else reader.skip();
    }
    return { account, name, parent, balance, total };
  },
};

export type ChangeAccountRequest = {
  readonly id: string;
  readonly name: string | null;
  readonly parent: string | null;
};

const changeAccountRequestFields: Nested<ChangeAccountRequest> = {
  write(writer, message) {
    writer.text(1, message.id);
    writer.optionalText(2, message.name);
    writer.optionalText(3, message.parent);
  },
  read(reader) {
    let id: string = "";
    let name: string | null = null;
    let parent: string | null = null;
    while (reader.next()) {
      if (reader.isText(1)) id = reader.text();
      else if (reader.isText(2)) name = reader.text();
      else if (reader.isText(3)) parent = reader.text();
      else reader.skip();
    }
    return { id, name, parent };
  },
};

export const changeAccountRequest = codecOf(changeAccountRequestFields);

export type ChangeAssetRequest = {
  readonly code: string;
  readonly name: string | null;
  readonly retired: boolean | null;
};

const changeAssetRequestFields: Nested<ChangeAssetRequest> = {
  write(writer, message) {
    writer.text(1, message.code);
    writer.optionalText(2, message.name);
    writer.optionalBool(3, message.retired);
  },
  read(reader) {
    let code: string = "";
    let name: string | null = null;
    let retired: boolean | null = null;
    while (reader.next()) {
      if (reader.isText(1)) code = reader.text();
      else if (reader.isText(2)) name = reader.text();
      else if (reader.isBool(3)) retired = reader.bool();
      else reader.skip();
    }
    return { code, name, retired };
  },
};

export const changeAssetRequest = codecOf(changeAssetRequestFields);

export const ledgerService = {
  post: { path: "/ledger.LedgerService/Post", request: postRequest, response: postResponse } satisfies Method<PostRequest, PostResponse>,
  postStream: { path: "/ledger.LedgerService/PostStream", request: postRequest, response: postResponse } satisfies Method<PostRequest, PostResponse>,
  getOperation: { path: "/ledger.LedgerService/GetOperation", request: getOperationRequest, response: operationResult } satisfies Method<GetOperationRequest, OperationResult>,
  getWallet: { path: "/ledger.LedgerService/GetWallet", request: getWalletRequest, response: wallet } satisfies Method<GetWalletRequest, Wallet>,
  listWallets: { path: "/ledger.LedgerService/ListWallets", request: listWalletsRequest, response: listWalletsResponse } satisfies Method<ListWalletsRequest, ListWalletsResponse>,
  getHistory: { path: "/ledger.LedgerService/GetHistory", request: getHistoryRequest, response: getHistoryResponse } satisfies Method<GetHistoryRequest, GetHistoryResponse>,
  getBalanceAt: { path: "/ledger.LedgerService/GetBalanceAt", request: getBalanceAtRequest, response: getBalanceAtResponse } satisfies Method<GetBalanceAtRequest, GetBalanceAtResponse>,
  getStats: { path: "/ledger.LedgerService/GetStats", request: getStatsRequest, response: stats } satisfies Method<GetStatsRequest, Stats>,
  getHold: { path: "/ledger.LedgerService/GetHold", request: getHoldRequest, response: hold } satisfies Method<GetHoldRequest, Hold>,
  listHolds: { path: "/ledger.LedgerService/ListHolds", request: listHoldsRequest, response: listHoldsResponse } satisfies Method<ListHoldsRequest, ListHoldsResponse>,
  findOperations: { path: "/ledger.LedgerService/FindOperations", request: findOperationsRequest, response: findOperationsResponse } satisfies Method<FindOperationsRequest, FindOperationsResponse>,
  findHolds: { path: "/ledger.LedgerService/FindHolds", request: findHoldsRequest, response: findHoldsResponse } satisfies Method<FindHoldsRequest, FindHoldsResponse>,
  findWallets: { path: "/ledger.LedgerService/FindWallets", request: findWalletsRequest, response: findWalletsResponse } satisfies Method<FindWalletsRequest, FindWalletsResponse>,
  search: { path: "/ledger.LedgerService/Search", request: searchRequest, response: searchResponse } satisfies Method<SearchRequest, SearchResponse>,
  listEvents: { path: "/ledger.LedgerService/ListEvents", request: listEventsRequest, response: listEventsResponse } satisfies Method<ListEventsRequest, ListEventsResponse>,
  listAssets: { path: "/ledger.LedgerService/ListAssets", request: listAssetsRequest, response: listAssetsResponse } satisfies Method<ListAssetsRequest, ListAssetsResponse>,
  addAsset: { path: "/ledger.LedgerService/AddAsset", request: addAssetRequest, response: asset } satisfies Method<AddAssetRequest, Asset>,
  changeAsset: { path: "/ledger.LedgerService/ChangeAsset", request: changeAssetRequest, response: asset } satisfies Method<ChangeAssetRequest, Asset>,
  listAccounts: { path: "/ledger.LedgerService/ListAccounts", request: listAccountsRequest, response: listAccountsResponse } satisfies Method<ListAccountsRequest, ListAccountsResponse>,
  addAccount: { path: "/ledger.LedgerService/AddAccount", request: addAccountRequest, response: chartAccount } satisfies Method<AddAccountRequest, ChartAccount>,
  changeAccount: { path: "/ledger.LedgerService/ChangeAccount", request: changeAccountRequest, response: chartAccount } satisfies Method<ChangeAccountRequest, ChartAccount>,
  getAccount: { path: "/ledger.LedgerService/GetAccount", request: getAccountRequest, response: accountBalance } satisfies Method<GetAccountRequest, AccountBalance>,
  getTrialBalance: { path: "/ledger.LedgerService/GetTrialBalance", request: getPastReportRequest, response: trialBalance } satisfies Method<GetPastReportRequest, TrialBalance>,
  getBalanceSheet: { path: "/ledger.LedgerService/GetBalanceSheet", request: getPastReportRequest, response: report } satisfies Method<GetPastReportRequest, Report>,
  getIncome: { path: "/ledger.LedgerService/GetIncome", request: getIncomeRequest, response: report } satisfies Method<GetIncomeRequest, Report>,
};
