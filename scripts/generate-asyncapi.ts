// npm run generate:asyncapi writes docs/asyncapi.json from the catalogue of events; with --check it fails when the file is not up to date.
import { asyncApiDocument } from '../packages/coffer/src/events/index.ts';
import { writeOrCheck } from './generated.ts';

writeOrCheck({ 'docs/asyncapi.json': asyncApiDocument() }, 'generate:asyncapi');
