import type { Command } from 'commander';

/** The figure a target speaks of; by name where there are several. */
export type Figures = number | Record<string, number>;

/** What `--json` writes, with the machine and the versions added to the details. */
export interface BenchResult {
  bench: string;
  measured: Figures;
  target: Figures;
  /** Whether every target is reached. */
  ok: boolean;
  /** How it was measured, and every figure on the way. */
  details: Record<string, unknown>;
}

export interface BenchOptions {
  /** Tells of progress, a line at a time. */
  say(line: string): void;
  /** Shows a person the outcome: a table, a few lines. */
  print(text: string): void;
}

/** A module of this folder. */
export interface Bench {
  /** In a line, for `--help`. */
  description: string;
  /** Adds the options that only this bench takes; `run` gets their values with the others. */
  addOptions?(command: Command): Command;
  run(options: BenchOptions): Promise<BenchResult>;
}
