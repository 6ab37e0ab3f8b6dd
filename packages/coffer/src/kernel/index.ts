// The base of every other folder: settings, logging, assertions, exit. No business logic.
export * from './assert.ts';
export * from './backoff.ts';
export * from './exit.ts';
export * from './folder.ts';
export * from './ids.ts';
export * from './log.ts';
export * from './log-file.ts';
export * from './log-settings.ts';
export * from './moment.ts';
export * from './money.ts';
export * from './optional.ts';
export * from './parsers.ts';
export * from './request-context.ts';
export * from './secret.ts';
export * from './secrets.ts';
export * from './settings.ts';
export * from './version.ts';
