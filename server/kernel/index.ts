// What every other folder may lean on: configuration, logging, assertions and ways to leave; no business, no I/O of its own.
export * from './assert.ts';
export * from './exit.ts';
export * from './log.ts';
export * from './process.ts';
