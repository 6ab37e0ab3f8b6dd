const lengthMax = 400;

type Rule = { applies: RegExp; except?: RegExp; pattern: RegExp; why: string };

const code = /\.(ts|mjs|sql|proto)$/;
/** Files that quote what the rules forbid. */
const self = /^scripts\/tidy(\.test)?\.ts$/;

const rules: readonly Rule[] = [
  {
    applies: code,
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    why: 'do it or omit it; notes for later belong in the tracker',
  },
  {
    applies: /\.ts$/,
    pattern: /@ts-(ignore|nocheck|expect-error)|(oxlint|eslint)-disable/,
    why: 'checks must not be disabled',
  },
  {
    applies: /\.ts$/,
    except: /\.config\.ts$/,
    pattern: /^export default\b/,
    why: 'no default exports: a name must be the same everywhere',
  },
  {
    applies: /\.ts$/,
    except: /\.d\.ts$/,
    pattern: /^\s*(export\s+)?(const\s+)?enum\s/,
    why: 'no enums: they do not survive type stripping',
  },
  {
    applies: /\.test\.ts$/,
    pattern: /\b(it|test|describe)\.(skip|todo|only)\b/,
    why: 'all tests must run',
  },
  {
    applies: /\.test\.ts$/,
    pattern: /\bvi\.waitFor\((?!.*(timeout|soon)\b)/,
    why: 'vi.waitFor gives up after a second, which is too short on a busy machine: use expect.poll, or pass a timeout',
  },
  {
    applies: /^packages\/coffer\/src\/gateway\/.*\.ts$/,
    except: /\.test\.ts$|\/(generated|problems)\/|\/settings\.ts$/,
    pattern: /\bstatus: ([45]\d\d\b|status\.(?!OK\b)[A-Z])|\bcode: '\w+',.*\b(title|status):|^\s+title: '/,
    why: 'a code, its statuses and its title belong in one place: gateway/problems',
  },
  {
    applies: /./,
    except: /^package-lock\.json$/,
    pattern: /(^|[\s"'`(=])\/(work|home|root|Users)\/\w/,
    why: 'no machine-specific paths',
  },
];

/** The findings of a file, one line each. */
export function untidiness(file: string, text: string): string[] {
  if (text.includes('\0')) return [];
  const lines = text.split('\n');
  const findings: string[] = [];
  if (/^packages\/.*\.ts$/.test(file) && !/\.test\.ts$|\/generated\//.test(file) && lines.length > lengthMax) {
    findings.push(`${file}: ${lines.length} lines, more than ${lengthMax}: split it`);
  }
  if (self.test(file)) return findings;
  for (const rule of rules) {
    if (!rule.applies.test(file) || rule.except?.test(file)) continue;
    for (const [index, line] of lines.entries()) {
      if (rule.pattern.test(line)) findings.push(`${file}:${index + 1}: ${rule.why}`);
    }
  }
  return findings;
}
