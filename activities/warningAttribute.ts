import { getClient } from '@temporalio/activity';
import type { Client } from '@temporalio/client';

/** The search attribute that says of a running workflow what wants a look. */
const NAME = 'SemiEvolWarning';
/** `IndexedValueType` of Temporal's API. */
const KEYWORD = 2;

/**
 * Name of the search attribute for warnings, registered where it was not. Undefined where it cannot
 * be used, as on a server that does not let us register it: a workflow that sets an unknown
 * attribute gets no further.
 */
export async function warningAttribute(): Promise<string | undefined> {
  const client = getClient();
  if (await isKnown(client)) return NAME;
  const { namespace } = client.options;
  await client.connection.operatorService
    .addSearchAttributes({ namespace, searchAttributes: { [NAME]: KEYWORD } })
    .catch(() => undefined);
  return (await isKnown(client)) ? NAME : undefined;
}

/** By a search, which every user of a namespace may make; it also fails for another type. */
const isKnown = (client: Client): Promise<boolean> =>
  client.workflow.count(`${NAME} = "JobStalled"`).then(
    () => true,
    () => false,
  );
