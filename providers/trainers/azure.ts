import { APIError, OpenAI } from 'openai';
import { z } from 'zod';
import { passingFailure } from '../../core/failures.ts';
import type { Deployment, DeploymentOrder, Deployments } from '../deployments.ts';
import { endpointFailure } from '../errors.ts';
import { fetcherOfTexts, type TextInit } from '../fetch.ts';
import { inOneForm, isRefused, saidBy } from '../said.ts';
import { defineTrainer, type TrainerEndpoint } from '../trainer.ts';
import { answerOf } from '../wire.ts';
import { OpenAITrainer } from './openai.ts';

/** Of the management, not of the models. */
const API_VERSION = '2024-10-01';
/** The tier that is billed by tokens alone; its deployments live for a day. */
const DEVELOPER = 'developertier';
/** What Azure calls a deployment that is not there, and one that lacks all above it, too. */
const ABSENT = ['DeploymentNotFound', 'ResourceNotFound'];

const spec = z.strictObject({
  type: z
    .literal('azure')
    .describe("OpenAI's models at Azure: its wire for jobs, and deployments at the management."),
  account: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.CognitiveServices\/accounts\/[^/]+$/i,
      'give the id of the resource, /subscriptions/…/resourceGroups/…/providers/Microsoft.CognitiveServices/accounts/NAME, as its JSON view in the portal shows it',
    )
    .describe('Id of the Azure OpenAI or Foundry resource whose address is the baseURL.'),
  tokenEnv: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, 'give the name of an environment variable, not the token itself')
    .default('AZURE_MANAGEMENT_TOKEN')
    .describe("Name of the worker's variable with an Entra token for the management."),
  token: z
    .custom<() => Promise<string>>((value) => typeof value === 'function', 'give a function')
    .optional()
    .describe(
      'Gives such a token, asked for before each request: as `getToken` of a credential of @azure/identity does. In the place of the variable.',
    ),
  tier: z
    .string()
    .min(1)
    .default(DEVELOPER)
    .describe('The sku of deployments: developertier (a day, no hours billed), standard, …'),
  capacity: z
    .number()
    .int()
    .positive()
    .default(50)
    .describe("Of a deployment, in the tier's units: mostly thousands of tokens a minute."),
  management: z
    .url({ protocol: /^https?$/ })
    .default('https://management.azure.com')
    .describe('Address of the management; another in sovereign clouds.'),
});

type Spec = z.output<typeof spec>;

/** Azure: jobs as at OpenAI, whose models answer once they are deployed. */
export const azure = defineTrainer({
  spec,
  incidental: ['account', 'tokenEnv', 'token', 'tier', 'capacity', 'management'],
  create: (endpoint, spec) => new AzureTrainer(endpoint, new AzureDeployments(endpoint, spec)),
});

class AzureTrainer extends OpenAITrainer {
  readonly #deployments: AzureDeployments;

  constructor(endpoint: TrainerEndpoint, deployments: AzureDeployments) {
    super(endpoint, deployments);
    this.#deployments = deployments;
  }

  override async preflight(): Promise<string | undefined> {
    return (await super.preflight()) ?? this.#deployments.preflight();
  }
}

const deploymentBody = z.looseObject({
  properties: z.looseObject({
    provisioningState: z.string(),
    model: z.looseObject({ name: z.string() }),
  }),
});
type AzureDeployment = z.output<typeof deploymentBody>;

/** Azure's words; others that it may have are taken for `pending`. */
const STATES: Record<string, Deployment['state']> = {
  succeeded: 'ready',
  failed: 'failed',
  canceled: 'failed',
  disabled: 'failed',
  deleting: 'gone',
};

/** Deployments by name, which the request for one carries: making one twice makes one. */
class AzureDeployments implements Deployments {
  readonly isFree: boolean;
  readonly #endpoint: TrainerEndpoint;
  readonly #spec: Spec;

  constructor(endpoint: TrainerEndpoint, spec: Spec) {
    this.#endpoint = endpoint;
    this.#spec = spec;
    this.isFree = spec.tier === DEVELOPER;
  }

  /** Why nothing can be deployed, found out by a look at what is. */
  async preflight(): Promise<string | undefined> {
    const { tokenEnv, token, account } = this.#spec;
    if (!token && !process.env[tokenEnv])
      return `endpoint "${this.#endpoint.name}" deploys its models at Azure's management: give the worker an Entra token for it in the variable ${tokenEnv} (az account get-access-token), or name a function that gets one as trainer.token`;
    try {
      await this.#failing(() => answerOf(this.#client.get('/deployments'), () => undefined));
      return undefined;
    } catch (error) {
      const { nonRetryable, message, type } = error as Partial<ReturnType<typeof passingFailure>>;
      if (nonRetryable || type === 'AuthenticationError') return `${message} (${account})`;
      throw error;
    }
  }

  async deploy(order: DeploymentOrder): Promise<Deployment> {
    return this.#failing(async () => {
      const known = await this.#find(order);
      const standing = known ? described(known, order) : gone(order);
      if (standing.state === 'ready' || standing.state === 'pending') return standing;
      const { tier, capacity } = this.#spec;
      const body = {
        sku: { name: tier, capacity },
        properties: { model: { format: 'OpenAI', name: order.model, version: '1' } },
      };
      const asked = this.#client.put(pathOf(order), { body });
      return described(await answerOf(asked, (said) => deploymentBody.parse(said)), order);
    });
  }

  async poll(_: string, order: DeploymentOrder, signal?: AbortSignal): Promise<Deployment> {
    return this.#failing(async () => {
      const found = await this.#find(order, signal);
      return found ? described(found, order) : gone(order);
    });
  }

  async undeploy(order: DeploymentOrder): Promise<boolean> {
    return this.#failing(async () => {
      const known = await this.#find(order);
      if (!known || described(known, order).state === 'gone') return false;
      await this.#client.delete(pathOf(order)).asResponse();
      const now = await this.#find(order);
      if (!now || described(now, order).state === 'gone') return true;
      throw passingFailure(
        'NotUndeployed',
        `deployment ${order.name} is ${now.properties.provisioningState}, and not taken down yet`,
      );
    });
  }

  /** @returns undefined where there is none of this name */
  async #find(order: DeploymentOrder, signal?: AbortSignal): Promise<AzureDeployment | undefined> {
    try {
      const asked = this.#client.get(pathOf(order), { signal });
      return await answerOf(asked, (said) => deploymentBody.parse(said));
    } catch (error) {
      if (isRefused(error, 404) && ABSENT.includes(saidBy(error)?.code ?? '')) return undefined;
      throw error;
    }
  }

  get #client(): OpenAI {
    const { management, account, tokenEnv, token } = this.#spec;
    const timeout = 1000 * this.#endpoint.config.requestTimeoutSeconds;
    const fetchText = fetcherOfTexts(timeout);
    return new OpenAI({
      baseURL: `${management}${account}`,
      apiKey: token ?? (process.env[tokenEnv] || 'none'),
      defaultQuery: { 'api-version': API_VERSION },
      timeout,
      fetch: async (url, init: TextInit = {}) => inOneForm(await fetchText(url, init)),
    });
  }

  async #failing<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const failure = endpointFailure(error, {
        endpoint: `${this.#endpoint.name}, management`,
        apiKeyEnv: this.#spec.tokenEnv,
      });
      const code = error instanceof APIError ? saidBy(error)?.code : undefined;
      // There is some again once others are taken down.
      if (code === 'InsufficientQuota') throw passingFailure('NoRoom', failure.message);
      throw failure;
    }
  }
}

const pathOf = ({ name }: DeploymentOrder) => `/deployments/${name}`;

function described({ properties }: AzureDeployment, order: DeploymentOrder): Deployment {
  const { provisioningState: detail } = properties;
  const state = STATES[detail.toLowerCase()] ?? 'pending';
  const { name } = order;
  const message = "the account's activity log has the reason";
  return { id: name, state, detail, servedAs: name, ...(state === 'failed' && { message }) };
}

const gone = ({ name }: DeploymentOrder): Deployment => ({
  id: name,
  state: 'gone',
  detail: 'not there',
  servedAs: name,
});
