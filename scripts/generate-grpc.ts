import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Generates packages/coffer/src/gateway/grpc/generated from the contracts in packages/proto/: a type and a codec per message, a
 * table of calls per service, and the descriptors for the reflection service. With --check it writes nothing, and exits with code
 * 1 on a difference. It lints the contracts first.
 *
 * Why our own codecs: an int64 becomes a bigint directly, text that is not UTF-8 is refused where the usual decoders silently
 * substitute it, and a call costs one buffer. They build on gateway/grpc/wire.ts.
 */
type FieldDescriptor = {
  name: string;
  jsonName: string;
  number: number;
  type: string;
  label: string;
  typeName?: string;
  oneofIndex?: number;
  proto3Optional?: boolean;
};
type MessageDescriptor = { name: string; field?: FieldDescriptor[] };
type MethodDescriptor = { name: string; inputType: string; outputType: string; clientStreaming?: boolean; serverStreaming?: boolean };
type FileDescriptor = {
  name: string;
  package: string;
  messageType?: MessageDescriptor[];
  service?: { name: string; method: MethodDescriptor[] }[];
};

/** The scalars that the contracts use so far; add another one here and in wire.ts. */
const scalars: Readonly<Record<string, { type: string; zero: string; method: string }>> = {
  TYPE_STRING: { type: 'string', zero: '""', method: 'text' },
  TYPE_INT64: { type: 'bigint', zero: '0n', method: 'int64' },
  TYPE_INT32: { type: 'number', zero: '0', method: 'int32' },
  TYPE_BOOL: { type: 'boolean', zero: 'false', method: 'bool' },
};

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, 'packages/coffer/src/gateway/grpc/generated');

buf('lint', 'packages/proto');
const { file: files } = JSON.parse(buf('build', 'packages/proto', '--output', '-#format=json').toString()) as { file: FileDescriptor[] };
const wanted = new Map(files.map((file) => [file.name.replace(/\.proto$/, '.ts'), sourceOf(file)]));
wanted.set('descriptors.ts', descriptorsSource());
const present = fs.existsSync(folder) ? fs.readdirSync(folder) : [];

if (process.argv.includes('--check')) {
  const differing = new Set([...wanted.keys(), ...present].filter((name) => wanted.get(name) !== read(name)));
  for (const name of differing) console.error(`${path.relative(root, folder)}/${name} does not match packages/proto/`);
  if (differing.size > 0) process.exitCode = 1;
} else {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, source] of wanted) fs.writeFileSync(path.join(folder, name), source);
  console.log(`${path.relative(root, folder)}: ${[...wanted.keys()].join(', ')}`);
}

function buf(...args: string[]): Buffer {
  const program = fileURLToPath(import.meta.resolve('@bufbuild/buf/bin/buf'));
  try {
    return execFileSync(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (failure) {
    // buf lint reports its findings on standard output.
    if (failure instanceof Error && 'stdout' in failure) console.error(String(failure.stdout));
    process.exit(1);
  }
}

function read(name: string): string | undefined {
  return present.includes(name) ? fs.readFileSync(path.join(folder, name), 'utf8') : undefined;
}

function sourceOf(file: FileDescriptor): string {
  return [
    `// Generated from packages/proto/${file.name} by "npm run generate:grpc". Do not edit.`,
    `import { codecOf } from "../wire.ts";`,
    `import type { Method, Nested } from "../wire.ts";`,
    ...(file.messageType ?? []).flatMap((message) => messageSource(message, isSent(file, message.name))),
    ...(file.service ?? []).flatMap((service) => serviceSource(file, service.name, service.method)),
    '',
  ].join('\n');
}

type KnownField = {
  readonly name: string;
  readonly number: number;
  /** The TypeScript type, and the value if the field is absent. */
  readonly type: string;
  readonly zero: string;
  readonly write: string;
  readonly is: string;
  readonly read: string;
};

/** A message that is sent on its own, not only nested in others. */
function isSent(file: FileDescriptor, name: string): boolean {
  const type = `.${file.package}.${name}`;
  return (file.service ?? []).some(({ method }) => method.some(({ inputType, outputType }) => inputType === type || outputType === type));
}

function messageSource({ name, field: fields = [] }: MessageDescriptor, withCodec: boolean): string[] {
  const known = fields.map((field) => knownField(name, field));
  const nested = `${codecName(name)}Fields`;
  return [
    '',
    `export type ${name} = {`,
    ...known.map((field) => `  readonly ${field.name}: ${field.type};`),
    '};',
    '',
    `const ${nested}: Nested<${name}> = {`,
    `  write(${known.length > 0 ? 'writer, message' : ''}) {`,
    ...known.map((field) => `    ${field.write}`),
    '  },',
    '  read(reader) {',
    ...known.map(
      (field) =>
        `    ${field.type.endsWith('[]') ? 'const' : 'let'} ${field.name}: ${field.type.replace(/^readonly /, '')} = ${field.zero};`,
    ),
    '    while (reader.next()) {',
    ...known.map((field, index) => `      ${index > 0 ? 'else ' : ''}if (reader.${field.is}(${field.number})) ${field.read};`),
    `      ${known.length > 0 ? 'else ' : ''}reader.skip();`,
    '    }',
    `    return { ${known.map((field) => field.name).join(', ')} };`,
    '  },',
    '};',
    ...(withCodec ? ['', `export const ${codecName(name)} = codecOf(${nested});`] : []),
  ];
}

/** Each member of a oneof is a field; at most one is not null. */
function knownField(message: string, field: FieldDescriptor): KnownField {
  const { jsonName: name, number } = field;
  const isRepeated = field.label === 'LABEL_REPEATED';
  const isOptional = field.oneofIndex !== undefined;
  if (field.type === 'TYPE_MESSAGE') {
    const type = capital((field.typeName ?? '').slice((field.typeName ?? '').lastIndexOf('.') + 1));
    const nested = `${codecName(type)}Fields`;
    return isRepeated
      ? {
          name,
          number,
          type: `readonly ${type}[]`,
          zero: '[]',
          write: `writer.messages(${number}, message.${name}, ${nested});`,
          is: 'isMessage',
          read: `${name}.push(reader.message(${nested}))`,
        }
      : {
          name,
          number,
          type: `${type} | null`,
          zero: 'null',
          write: `writer.message(${number}, message.${name}, ${nested});`,
          is: 'isMessage',
          read: `${name} = reader.message(${nested})`,
        };
  }
  const scalar = scalars[field.type];
  if (!scalar || (isRepeated && scalar.method !== 'text'))
    throw new Error(`${message}.${field.name}: ${field.label} ${field.type} is not generated yet`);
  const { type, zero, method } = scalar;
  const is = `is${capital(method)}`;
  if (isRepeated)
    return {
      name,
      number,
      type: `readonly ${type}[]`,
      zero: '[]',
      write: `writer.texts(${number}, message.${name});`,
      is,
      read: `${name}.push(reader.${method}())`,
    };
  return {
    name,
    number,
    type: isOptional ? `${type} | null` : type,
    zero: isOptional ? 'null' : zero,
    write: `writer.${isOptional ? `optional${capital(method)}` : method}(${number}, message.${name});`,
    is,
    read: `${name} = reader.${method}()`,
  };
}

function serviceSource(file: FileDescriptor, service: string, methods: readonly MethodDescriptor[]): string[] {
  return [
    '',
    `export const ${codecName(service)} = {`,
    ...methods.map((method) => {
      if (method.clientStreaming !== method.serverStreaming)
        throw new Error(`${service}.${method.name}: streams one way are not generated yet`);
      const [request, response] = [method.inputType, method.outputType].map((type) => type.slice(file.package.length + 2));
      const value = `{ path: "/${file.package}.${service}/${method.name}", request: ${codecName(request ?? '')}, response: ${codecName(response ?? '')} }`;
      return `  ${codecName(method.name)}: ${value} satisfies Method<${request}, ${response}>,`;
    }),
    '};',
  ];
}

/** Made by buf: what the reflection library derives from the files is refused by strict clients if a message has a map. */
function descriptorsSource(): string {
  const health = path.dirname(fileURLToPath(import.meta.resolve('grpc-health-check/package.json')));
  const sources = new Map(files.map(({ name }) => [name, ['packages/proto', '--path', `packages/proto/${name}`]]));
  sources.set('health.proto', [path.join(health, 'proto')]);
  return [
    '// Generated from packages/proto/ by "npm run generate:grpc". Do not edit.',
    '/** A FileDescriptorProto for each contract, in Base64. */',
    'export const descriptors = {',
    ...[...sources].map(([name, source]) => {
      const set = buf('build', ...source, '--exclude-source-info', '--output', '-#format=binpb');
      return `  "${name}": "${onlyFile(set).toString('base64')}",`;
    }),
    '};',
    '',
  ].join('\n');
}

/** A FileDescriptorSet of one file is that file after a tag and a length. */
function onlyFile(set: Buffer): Buffer {
  let at = 1;
  while ((set[at] ?? 0) >= 128) at++;
  return set.subarray(at + 1);
}

function codecName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
