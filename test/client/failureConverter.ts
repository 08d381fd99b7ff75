import { DefaultFailureConverter } from '@temporalio/common';

/** Hides messages and stacks in payloads, which a codec then encrypts. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
