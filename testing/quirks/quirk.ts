/** A request as a quirk sees it. What a quirk changes in it, the handler sees changed. */
export interface Asked {
  /** Method and path, e.g. `POST /chat/completions`. */
  route: string;
  body: unknown;
  query: Record<string, string>;
}

export interface Reply {
  status: number;
  body: unknown;
}

/** One way in which a server departs from the wire, for as long as it is one of the provider's. */
export interface Quirk {
  /** An answer in the handler's place; undefined: the handler is to answer. */
  before?(request: Asked): Reply | undefined;
  /** The handler's answer as this server gives it. */
  after?(answer: object, request: Asked): object;
  /** The text of a right answer as this server sends it. */
  sent?(text: string): string;
}

/** Makes a quirk; one that has a memory starts with an empty one. */
export type QuirkMaker = () => Quirk;

/** A server that answers requests to a route itself, where `reply` has something for them. */
export const instead =
  <Body>(route: RegExp, reply: (body: Body) => Reply | undefined): QuirkMaker =>
  () => ({
    before: ({ route: asked, body }) => (route.test(asked) ? reply(body as Body) : undefined),
  });

/** A server whose right answers to a route have another form. */
export const changed =
  <Answer extends object>(route: RegExp, change: (answer: Answer) => object): QuirkMaker =>
  () => ({
    after: (answer, { route: asked }) => (route.test(asked) ? change(answer as Answer) : answer),
  });

/** The word by which an example is picked that a server cannot bear. */
export const POISON = 'poison';
