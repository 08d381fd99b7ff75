import { log } from '@temporalio/activity';
import { endpointOf, isRole } from '../../core/modelNames.ts';
import { type Asked, type Load, mayGoByBatch, transportFor } from '../../core/transport.ts';
import type { Transport } from '../../core/usage.ts';
import { NO_USAGE } from '../../core/usage.ts';
import type { Endpoint } from '../../providers/endpoint.ts';
import { costOf, priceOf } from '../../providers/pricing.ts';
import { groupsIn } from '../collaborate.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from '../dependencies.ts';
import { tracked } from '../progress.ts';
import type { Route } from './askings.ts';

export interface RoutesInput extends RoundRef {
  /** What a phase asks for. */
  asks: readonly Asked[];
  /** About how many examples. */
  examples: number;
  /** How many models are graded, where any are. */
  graded?: number;
}

/** What of a phase goes by batch, and within which limits of all the endpoints together. */
export interface Routes {
  routes: Route[];
  /** Examples whose requests fill a batch. */
  examples: number;
  /** Batches at the same time. */
  atOnce: number;
  /** How often a request is sent in a batch before it is sent by itself. */
  rounds: number;
  /** Seconds to wait, at first, where too much is queued. */
  waitSeconds: number;
}

/** Requests of one kind to one model, about an example at the most. */
interface Asker extends Route {
  model: string;
  perExample: number;
}

/** A little more than a look at a queue that is full is worth. */
const WAIT_POLLS = 6;
const MILLION = 1_000_000;

/** Decides what of a phase goes by batch. */
export async function routesOf(
  dependencies: Dependencies,
  { asks, examples, graded = 1, ...ref }: RoutesInput,
): Promise<Routes> {
  return tracked({ total: 1, unit: 'decisions' }, async () => {
    const context = await openRound(dependencies, ref);
    const { transport: transports } = context.spec;
    const none = { routes: [], examples, atOnce: 1, rounds: 0, waitSeconds: 0 };
    if (!mayGoByBatch(transports)) return none;
    const askers = askersIn(dependencies, context).filter(({ asked }) => asks.includes(asked));
    const byRoute = Map.groupBy(askers, ({ asked, endpoint }) => JSON.stringify([asked, endpoint]));
    const chosen = [...byRoute.values()].flatMap((of) => {
      const [{ asked, endpoint: name }] = of as [Asker, ...Asker[]];
      const endpoint = dependencies.endpoints.get(name);
      const { batches } = endpoint.config;
      const models = asked === 'evaluate' || asked === 'judge' ? graded : 1;
      const perExample = of.reduce((sum, one) => sum + one.perExample, 0);
      const { transport, why } = transportFor(asked, transports, {
        requests: examples * models * perExample,
        windowHours: batches?.windowHours,
        price: priceAt(endpoint, of[0]!.model, context.spec.model.name),
      });
      log.info(`${asked} at ${name} goes ${transport === 'batch' ? 'by batch' : 'direct'}: ${why}`);
      return transport === 'batch' && batches ? [{ asked, endpoint: name, of, batches }] : [];
    });
    if (chosen.length === 0) return none;
    const fitting = chosen.map(({ of, batches }) => {
      const most = Math.max(
        ...[...Map.groupBy(of, ({ model }) => model).values()].map((ofModel) =>
          ofModel.reduce((sum, { perExample }) => sum + perExample, 0),
        ),
      );
      return Math.max(1, Math.floor(batches.maxRequests / most));
    });
    const polls = chosen.map(({ endpoint }) => dependencies.endpoints.get(endpoint).config);
    return {
      routes: chosen.map(({ asked, endpoint }) => ({ asked, endpoint })),
      examples: Math.min(...fitting),
      atOnce: Math.min(...chosen.map(({ batches }) => batches.atOnce)),
      rounds: Math.max(...chosen.map(({ batches }) => batches.rounds)),
      waitSeconds: WAIT_POLLS * Math.max(...polls.map(({ pollSeconds }) => pollSeconds)),
    };
  });
}

/** Who is asked about an example, and how often. */
function askersIn({ endpoints }: Dependencies, context: RoundContext): Asker[] {
  const { spec, task } = context;
  const { justification, judge, model } = spec;
  const collaborators = groupsIn(context).map((group): Asker => {
    const root = isRole(group.model) ? model.name : group.model;
    const isOne = endpoints.get(group.endpoint).drawsSeveral(root);
    const perExample = isOne ? 1 : group.places.length;
    return { asked: 'collaborate', endpoint: group.endpoint, model: root, perExample };
  });
  const own = { endpoint: model.endpoint, model: model.name, perExample: 1 };
  const isJudged = judge && (task.judge || task.agreement?.by === 'judge');
  return [
    ...collaborators,
    {
      asked: 'justify',
      endpoint: endpointOf(spec, justification),
      model: isRole(justification.model) ? model.name : justification.model,
      perExample: 1,
    },
    { asked: 'evaluate', ...own },
    ...(isJudged
      ? [
          {
            asked: 'judge' as const,
            endpoint: endpointOf(spec, judge),
            model: judge.model,
            perExample: 1,
          },
        ]
      : []),
  ];
}

/** What a million tokens of prompts and one of answers cost, in each way in which that is known. */
function priceAt({ config }: Endpoint, model: string, root: string): Load['price'] {
  const price = priceOf(config.prices, model, root);
  const usage = { ...NO_USAGE, promptTokens: MILLION, completionTokens: MILLION };
  const known = (['direct', 'batch'] satisfies Transport[]).flatMap((transport) => {
    const { cost, unpriced } = costOf({ ...usage, transport }, price ?? {});
    return cost === null || unpriced.length > 0 ? [] : [[transport, cost] as const];
  });
  return Object.fromEntries(known);
}
