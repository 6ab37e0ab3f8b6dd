// What every other folder may lean on: configuration, logging, assertions, listening, leaving; no business.
export * from './assert.ts';
export * from './config.ts';
export * from './exit.ts';
export * from './folder.ts';
export * from './ids.ts';
export * from './listen.ts';
export * from './log.ts';
export * from './log-file.ts';
export * from './moment.ts';
export * from './money.ts';
export * from './peers.ts';
export * from './process.ts';
export * from './request-context.ts';
export * from './secret.ts';
export * from './secrets.ts';
export * from './version.ts';
export * from './tls.ts';
