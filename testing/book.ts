import { Shelf } from './shelf.ts';
import { nowInSeconds, Refusal } from './wire.ts';

/** A state: its status, and other fields that change with it. `vanished`: it is no longer there. */
export type State<T> = string | (Partial<T> & { status: string });

/** A step in a history; `at` in epoch seconds. */
export interface Step {
  status: string;
  at: number;
}

/** Work, and what is to become of it. */
export interface Scripted<T> {
  item: T;
  /** States still to come; one is taken at each retrieval. */
  script: State<T>[];
  history: Step[];
}

/** A hand on long work: what there is, and what becomes of it. */
export interface Control<T> {
  /** Newest first. */
  all(): T[];
  /** One as it is; looking at it so does not move it on. */
  get(id: string): T;
  /** From now on work goes up to the state before its last, and stays there. */
  hold(): void;
  /** Lets work end again. */
  release(): void;
  /** Puts one into a state now, whatever its script says. Default: it ends well. */
  finish(id: string, state?: State<T>): void;
  /** Makes one vanish, as an operator of the provider might. */
  remove(id: string): void;
}

/** Long work that moves on by its script when it is looked at, or when the test says so. */
export abstract class Book<T extends { id: string; status: string }> implements Control<T> {
  readonly #shelf: Shelf<Scripted<T>>;
  readonly #final: string[];
  #held: boolean;

  /** @param final statuses that nothing follows @param held see `hold` */
  constructor(folder: string | undefined, name: string, final: string[], held: boolean) {
    this.#shelf = new Shelf(folder, name);
    this.#final = final;
    this.#held = held;
  }

  /** What changes with a new status, beside what its state says; called after the status is set. */
  protected abstract onEnter(item: T, state: Partial<T>): Partial<T>;

  all(): T[] {
    return this.#shelf
      .values()
      .map(({ item }) => item)
      .reverse();
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
  }

  finish(id: string, state: State<T> = this.#final[0]!): void {
    this.follow(id, [state]);
    this.#advance(this.#find(id));
  }

  remove(id: string): void {
    this.#shelf.delete(id);
  }

  /** The item, after it has moved on by one state. */
  retrieve(id: string): T {
    const scripted = this.#find(id);
    if (scripted.script.length > (this.#held ? 1 : 0)) this.#advance(scripted);
    return this.get(id);
  }

  get(id: string): T {
    return this.#find(id).item;
  }

  protected newId(prefix: string): string {
    return this.#shelf.newKey(prefix);
  }

  /** Takes it into the book, in the first state of its script. */
  protected open(item: T, script: State<T>[]): T {
    const scripted = { item, script: [...script], history: [] };
    this.#shelf.set(item.id, scripted);
    this.#advance(scripted);
    return item;
  }

  /** Replaces what is left of a script. */
  protected follow(id: string, script: State<T>[]): void {
    this.#find(id).script = script;
  }

  /** @throws Refusal where it has ended */
  protected checkGoing(id: string): void {
    const { status } = this.get(id);
    if (this.#final.includes(status))
      throw new Refusal(400, 'invalid_request', `${id} has ended: ${status}.`);
  }

  protected history(id: string): Step[] {
    return this.#find(id).history;
  }

  protected isFinal(status: string): boolean {
    return this.#final.includes(status);
  }

  #advance(scripted: Scripted<T>): void {
    const { item, script, history } = scripted;
    const state = script.shift()!;
    const fields = (typeof state === 'string' ? { status: state } : state) as Partial<T>;
    if (fields.status === 'vanished') {
      this.remove(item.id);
      return;
    }
    item.status = fields.status!;
    history.push({ status: item.status, at: nowInSeconds() });
    Object.assign(item, this.onEnter(item, fields), fields);
    this.#shelf.set(item.id, scripted);
  }

  #find(id: string): Scripted<T> {
    const scripted = this.#shelf.get(id);
    if (!scripted) throw new Refusal(404, 'not_found', `There is no ${id}.`);
    return scripted;
  }
}
