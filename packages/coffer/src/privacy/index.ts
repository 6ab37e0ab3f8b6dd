// Privacy: erases what is personal about deleted users, some time after their deletion.
export { eraseDeletedUsers } from './loop.ts';
export { eraseUser } from './erasing.ts';
export type { Erased } from './erasing.ts';
