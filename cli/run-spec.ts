import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type RunSpec, runSpec } from '../core/spec.ts';
import { CliError, messagesOf } from './errors.ts';
import { suggestion } from './nearest.ts';

/** The JSON schema of the run spec, for editors. */
export function runSpecSchema(): JsonSchema {
  return z.toJSONSchema(runSpec, { io: 'input' }) as JsonSchema;
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

type Issue = z.core.$ZodIssue;
type Path = PropertyKey[];

/**
 * Reads and checks a run spec.
 * @throws CliError naming the file, and for each mistake line, column, field and remedy.
 */
export async function readRunSpec(file: string): Promise<RunSpec> {
  const lines = new LineCounter();
  const document = parseDocument(await readText(file), { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0)
    throw new CliError(
      document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`).join('\n'),
    );
  const result = runSpec.safeParse(document.toJS() ?? {});
  if (!result.success)
    throw new CliError(
      problems(document, result.error.issues)
        .map(({ offset, message }) => `${at(offset)}: ${message}`)
        .join('\n'),
    );
  return result.data;
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new CliError(
        `run spec ${file} not found in ${process.cwd()}: examples/ has some to start from`,
      );
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new CliError(`${file} is not UTF-8 text: save it as UTF-8`);
    throw new CliError(`${file} cannot be read: ${messagesOf(error)[0]}`, { cause: error });
  }
}

/** What is wrong in a document, in the order of its lines. `offset` is into the text. */
function problems(document: Document, issues: Issue[]): { offset: number; message: string }[] {
  return issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({
            offset: keyOffset(document, issue.path, key),
            message: `unknown field ${fieldName([...issue.path, key])}${hint(issue.path, key)}`,
          }))
        : [{ offset: valueOffset(document, issue.path), message: describe(issue) }],
    )
    .sort((a, b) => a.offset - b.offset);
}

function keyOffset(document: Document, path: Path, key: string): number {
  const parent = path.length > 0 ? document.getIn(path, true) : document.contents;
  const pair =
    isMap(parent) && parent.items.find((one) => isScalar(one.key) && one.key.value === key);
  return pair && isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : valueOffset(document, path);
}

/** Of the value, or of the nearest thing around it that is there. */
function valueOffset(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function describe(issue: Issue): string {
  const field = fieldName(issue.path);
  if (issue.code === 'invalid_union' && 'options' in issue)
    return `${field} must be ${(issue.options as string[]).map((one) => `"${one}"`).join(' or ')}`;
  const alternatives = issue.code === 'invalid_union' ? issue.errors.flat() : [issue];
  const wanted = alternatives.map((one) => one.message.replace(/^Invalid input: /, ''));
  if (wanted.every((one) => one.endsWith('received undefined'))) return `${field} is missing`;
  return `${field}: ${[...new Set(wanted)].join(', or ')}`;
}

/** `collaborators[0].shots` */
function fieldName(path: Path): string {
  const name = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('');
  return name.replace(/^\./, '') || 'the spec';
}

function hint(path: Path, key: string): string {
  let candidates = [runSpecSchema()];
  const alternatives = (schema: JsonSchema): JsonSchema[] => {
    const inner = schema.anyOf ?? schema.oneOf;
    return inner ? inner.flatMap(alternatives) : [schema];
  };
  for (const step of path)
    candidates = candidates
      .flatMap(alternatives)
      .flatMap(
        (schema) =>
          (typeof step === 'number' ? schema.items : schema.properties?.[String(step)]) ?? [],
      );
  const known = candidates
    .flatMap(alternatives)
    .flatMap((one) => Object.keys(one.properties ?? {}));
  return suggestion(key, [...new Set(known)]);
}

/** The spec with the paths of its data files absolute, seen from `folder`; URLs stay. */
export function withDataFolder(spec: RunSpec, folder: string): RunSpec {
  const absolute = (path: string) =>
    isAbsolute(path) || /^[a-z][a-z0-9+.-]+:\/\//i.test(path) ? path : resolve(folder, path);
  const { labelled, unlabelled, test } = spec.data;
  return {
    ...spec,
    data: {
      ...spec.data,
      labelled: labelled.map(absolute),
      unlabelled: unlabelled.map(absolute),
      test: test.map(absolute),
    },
  };
}
