"""Choice of the next token, row by row, from logits in numpy: independent of what else is in the batch."""

import numpy as np


def log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64))


def choose(log_probs, temperature, top_p, random):
    """Token id: the likeliest at temperature 0, else drawn from the nucleus of mass `top_p` (Holtzman et al. 2020)."""
    if temperature == 0:
        return int(log_probs.argmax())
    scaled = log_softmax(log_probs / temperature)
    if top_p < 1:
        order = np.argsort(-scaled)
        mass_before = np.cumsum(np.exp(scaled[order])) - np.exp(scaled[order])
        scaled[order[mass_before >= top_p]] = -np.inf
    return int((scaled + random.gumbel(size=scaled.shape)).argmax())


def likeliest(log_probs, count):
    """Ids of the `count` likeliest tokens, best first."""
    if count == 0:
        return []
    ids = np.argpartition(-log_probs, count)[:count]
    return [int(i) for i in ids[np.argsort(-log_probs[ids])]]
