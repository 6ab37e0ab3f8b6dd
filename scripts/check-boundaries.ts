import path from 'node:path';
import { findViolations, missingDoors } from './boundaries.ts';

const root = path.resolve(import.meta.dirname, '..');
const violations = findViolations(root);
const doors = missingDoors(root);
for (const { file, line, target, why } of violations) console.error(`${file}:${line} imports ${target}: ${why}`);
for (const door of doors) console.error(`${door} must exist and begin with a comment of one sentence: what the folder is`);
if (violations.length + doors.length > 0) process.exitCode = 1;
else console.log('boundaries: every arrow goes one way, every folder is entered through its door');
