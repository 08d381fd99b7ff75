import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isGrpcServiceError } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { SemiEvolError } from '../core/errors.ts';
import {
  SEARCH_ATTRIBUTE_NAMES,
  SEARCH_ATTRIBUTES,
  type SearchAttributeName,
} from '../core/searchAttributes.ts';

/** A cluster may take some seconds to know of an attribute everywhere. */
const KNOWN_MS = 30_000;
const LOOK_MS = 200;

/** The namespace lets us have no search attributes, or has another of a name of ours. */
export class NamespaceNotSetUp extends SemiEvolError {
  override readonly name = 'NamespaceNotSetUp';
}

/** What setting up a namespace has done: of each of our attributes, whether it was there before. */
export interface NamespaceSetUp {
  added: SearchAttributeName[];
  present: SearchAttributeName[];
}

/**
 * Adds the search attributes that runs, rounds and fine-tunes set to the client's namespace, and
 * waits until they can be searched for. Needs the rights of an administrator; runs go on without.
 * @throws NamespaceNotSetUp
 */
export async function setUpSearchAttributes(client: Client): Promise<NamespaceSetUp> {
  const { namespace } = client.options;
  const before = await typesIn(client);
  const isPresent = (name: SearchAttributeName) => before.has(name);
  const wrong = SEARCH_ATTRIBUTE_NAMES.filter(
    (name) => isPresent(name) && before.get(name) !== typeOf(name),
  );
  if (wrong.length > 0)
    throw new NamespaceNotSetUp(
      `namespace "${namespace}" has search attributes of another type that are called ${wrong.join(', ')}: runs leave them alone; remove them (${wrong.map((name) => `temporal operator search-attribute remove --namespace ${namespace} --name ${name}`).join('; ')}) and set up again`,
    );
  const added = SEARCH_ATTRIBUTE_NAMES.filter((name) => !isPresent(name));
  if (added.length > 0) {
    const searchAttributes = Object.fromEntries(added.map((name) => [name, typeOf(name)]));
    try {
      await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    } catch (error) {
      throw refused(namespace, added, error);
    }
    await untilKnown(client, added);
  }
  return { added, present: SEARCH_ATTRIBUTE_NAMES.filter(isPresent) };
}

const typeOf = (name: SearchAttributeName) =>
  encodeSearchAttributeIndexedValueType(SEARCH_ATTRIBUTES[name])!;

async function typesIn(client: Client): Promise<Map<string, number>> {
  const { namespace } = client.options;
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
      namespace,
    });
    return new Map(Object.entries(customAttributes ?? {}) as [string, number][]);
  } catch (error) {
    throw refused(namespace, SEARCH_ATTRIBUTE_NAMES, error);
  }
}

/** Codes of gRPC for a server that is away or slow, and for a namespace that is not there. */
const NO_REFUSALS: number[] = [4, 5, 14];

/** The way that is left where a server does not let us: somebody who may, or another tool. */
function refused(
  namespace: string,
  names: readonly SearchAttributeName[],
  cause: unknown,
): unknown {
  if (!isGrpcServiceError(cause) || NO_REFUSALS.includes(cause.code)) return cause;
  const commands = names.map((name) => {
    const type = SEARCH_ATTRIBUTES[name] === 'INT' ? 'Int' : 'Keyword';
    return `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`;
  });
  return new NamespaceNotSetUp(
    `Temporal does not let search attributes be added to namespace "${namespace}" (${cause.details}): let somebody who may do it, here or where your cluster is administered, or leave it, runs do without:\n  ${commands.join('\n  ')}`,
    { cause },
  );
}

async function untilKnown(client: Client, names: readonly SearchAttributeName[]): Promise<void> {
  const deadline = Date.now() + KNOWN_MS;
  const query = names
    .map((name) => (SEARCH_ATTRIBUTES[name] === 'INT' ? `${name} = 1` : `${name} = "x"`))
    .join(' AND ');
  for (;;) {
    try {
      await client.workflow.count(query);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(LOOK_MS);
    }
  }
}
