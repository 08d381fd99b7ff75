import { userInfo } from 'node:os';

/** What a person gives for a decision. */
export interface SignedOptions {
  reason: string;
  /** Who decides; who is logged in when left out. */
  by?: string;
  json?: boolean;
}

/** Who decides, and why, as a run wants to know it. */
export const signed = ({ by, reason }: SignedOptions): { name: string; reason: string } => ({
  name: by ?? userInfo().username,
  reason,
});
