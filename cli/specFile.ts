import { readFile, stat } from 'node:fs/promises';
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { z } from 'zod';
import { messagesOf } from '../core/errors.ts';
import { gridSpec } from '../core/grid/spec.ts';
import { fieldName, sentenceOf } from '../core/issues.ts';
import { suggestion } from '../core/nearest.ts';
import { builtIn } from '../core/registry.ts';
import type { RunSpec } from '../core/spec.ts';
import { printable } from '../core/text.ts';
import { CliError } from './errors.ts';
import { findSpec } from './findSpec.ts';

/** A JSON schema, for editors. What it cannot say, any value passes there. */
const jsonSchema = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** That of a run spec, with the kinds of a registry. */
export const runSpecSchema = ({ runSpec } = builtIn): JsonSchema => jsonSchema(runSpec);

/** That of a grid. */
export const gridSchema = (): JsonSchema => jsonSchema(gridSpec);

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  const?: unknown;
  default?: unknown;
}

type Issue = z.core.$ZodIssue;
type Path = PropertyKey[];

/** Most bytes of a spec; thousands of labels fit in. */
const MAX_SIZE = 4 * 1024 ** 2;

/**
 * Reads and checks a run spec.
 * @param registry the kinds that it may name
 * @throws CliError naming the file, and for each mistake line, column, field and remedy.
 */
export async function readRunSpec(file: string, registry = builtIn): Promise<RunSpec> {
  return readYaml(file, registry.runSpec, runSpecSchema(registry));
}

/**
 * Reads a YAML file, and checks what it says by a schema.
 * @param hints the same as JSON schema, which has the names of fields that may have been meant
 * @throws CliError as {@link readRunSpec}
 */
export async function readYaml<T>(
  file: string,
  schema: z.ZodType<T>,
  hints = jsonSchema(schema),
): Promise<T> {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${printable(file)}:${line}:${col}`;
  };
  const document = parseDocument(await readText(file), { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0)
    throw new CliError(
      document.errors.map((error) => `${at(error.pos[0])}: ${mistake(error)}`).join('\n'),
    );
  const input = contentOf(document, at);
  const result = schema.safeParse(input);
  if (!result.success)
    throw new CliError(
      problems(document, input, result.error.issues, hints)
        .map(({ offset, message }) => `${at(offset)}: ${message}`)
        .join('\n'),
    );
  return result.data;
}

/** The parser gives up on what is nested by the thousand as on a mistake. */
function mistake({ code, message }: YAMLError): string {
  return code === 'RESOURCE_EXHAUSTION' ? 'lists are nested too deeply for a spec' : message;
}

/** What the document says. Aliases may stand for more than any memory holds: these are refused. */
function contentOf(document: Document, at: (offset: number) => string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    let offset = 0;
    visit(document, {
      Alias(_, alias) {
        offset = alias.range?.[0] ?? 0;
        return visit.BREAK;
      },
    });
    throw new CliError(
      `${at(offset)}: the aliases (*name) from here on stand for too much. Write the values out`,
    );
  }
}

async function readText(file: string): Promise<string> {
  const name = printable(file);
  try {
    const found = await stat(findSpec(file));
    if (!found.isFile()) throw new CliError(`${name} is not a file. Write the spec into one`);
    if (found.size > MAX_SIZE)
      throw new CliError(
        `${name} has ${found.size} bytes, more than a spec can (${MAX_SIZE}). Is it a data file?`,
      );
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new CliError(`${name} is not UTF-8 text: save it as UTF-8`);
    throw new CliError(`${name} cannot be read: ${messagesOf(error)[0]}`, { cause: error });
  }
}

/** What is wrong in a document, in the order of its lines. `offset` is into the text. */
function problems(
  document: Document,
  input: unknown,
  issues: Issue[],
  schema: JsonSchema,
): { offset: number; message: string }[] {
  const written = (path: readonly PropertyKey[]) => {
    const node = document.getIn(path, true);
    return isScalar(node) ? node.source : undefined;
  };
  return issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({
            offset: keyOffset(document, issue.path, key),
            message: `unknown field ${printable(fieldName([...issue.path, key]))}${hint(issue.path, key, input, schema)}`,
          }))
        : [
            {
              offset: valueOffset(document, issue.path),
              message: sentenceOf(issue, input, { showTexts: true, written }),
            },
          ],
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

/** The name that was meant, of those that the kind has which the input names. */
function hint(path: Path, key: string, input: unknown, schema: JsonSchema): string {
  let value = input;
  let candidates = alternatives(schema, value);
  for (const step of path) {
    value = (value as Record<PropertyKey, unknown>)[step];
    candidates = candidates
      .flatMap(
        (schema) =>
          (typeof step === 'number' ? schema.items : schema.properties?.[String(step)]) ?? [],
      )
      .flatMap((schema) => alternatives(schema, value));
  }
  const known = candidates.flatMap((one) => Object.keys(one.properties ?? {}));
  return suggestion(key, [...new Set(known)]);
}

/** What a schema lets a value be, without the kinds that it says it is not. */
function alternatives(schema: JsonSchema, value: unknown): JsonSchema[] {
  const inner = schema.anyOf ?? schema.oneOf;
  if (inner) return inner.flatMap((one) => alternatives(one, value));
  const isOfKind = Object.entries(schema.properties ?? {}).every(
    ([name, { const: kind, default: usual }]) =>
      kind === undefined || ((value as Record<string, unknown>)[name] ?? usual) === kind,
  );
  return isOfKind ? [schema] : [];
}
