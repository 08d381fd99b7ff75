"""Tuning of any architecture by mlx-lm's own code, one example at a time, so that memory holds the activations of one."""

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map


def answer_loss(model, tokens, start):
    """Summed cross-entropy of the tokens (one row) from `start` on."""
    logits = model(tokens[None, :-1])[0, start - 1 :]
    return nn.losses.cross_entropy(logits.astype(mx.float32), tokens[start:]).sum()


class AnyTuning:
    """One optimiser step a call."""

    def __init__(self, model, optimizer):
        self._model, self._optimizer = model, optimizer
        self._gradient = nn.value_and_grad(model, answer_loss)
        model.train()  # some layers have kernels without a gradient, used when they do not train

    def step(self, examples):
        """Mean loss of the answers' tokens, before the step."""
        total, gradients = 0.0, None
        for example in examples:
            loss, own = self._gradient(self._model, mx.array(example.tokens), example.start)
            gradients = own if gradients is None else tree_map(mx.add, gradients, own)
            mx.eval(loss, gradients)
            total += loss.item()
        tokens = sum(len(example.answer) for example in examples)
        self._optimizer.update(self._model, tree_map(lambda gradient: gradient / tokens, gradients))
        mx.eval(self._model.trainable_parameters(), self._optimizer.state)
        return total / tokens
