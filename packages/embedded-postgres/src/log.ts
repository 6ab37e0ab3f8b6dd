/** The part of a log that this package writes to; pino's Logger has this shape. */
export type EmbeddedLog = Readonly<Record<'info' | 'warn' | 'error', (details: object, message: string) => void>>;
