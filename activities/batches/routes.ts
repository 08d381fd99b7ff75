import { log } from '@temporalio/activity';
import { askersOf } from '../../core/askers.ts';
import { type Asked, mayGoByBatch, transportFor } from '../../core/transport.ts';
import { loadPrice, priceOf } from '../../providers/pricing.ts';
import { type Dependencies, openRound, type RoundRef } from '../dependencies.ts';
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

/** A little more than a look at a queue that is full is worth. */
const WAIT_POLLS = 6;

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
    const askers = askersOf(context.spec, context.task)
      .filter(({ asked }) => asks.includes(asked))
      .map(({ samples, ...one }) => {
        const isOne = dependencies.endpoints.get(one.endpoint).drawsSeveral(one.model);
        return { ...one, perExample: isOne ? 1 : samples };
      });
    const byRoute = Map.groupBy(askers, ({ asked, endpoint }) => JSON.stringify([asked, endpoint]));
    const chosen = [...byRoute.values()].flatMap((of) => {
      const { asked, endpoint: name, model } = of[0]!;
      const endpoint = dependencies.endpoints.get(name);
      const { batches } = endpoint.config;
      const models = asked === 'evaluate' || asked === 'judge' ? graded : 1;
      const perExample = of.reduce((sum, one) => sum + one.perExample, 0);
      const { transport, why } = transportFor(asked, transports, {
        requests: examples * models * perExample,
        windowHours: batches?.windowHours,
        price: loadPrice(priceOf(endpoint.config.prices, model, context.spec.model.name)),
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
