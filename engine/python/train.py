"""Fine-tunes a LoRA adapter for the gateway with the parts of mlx-lm's tuner, over JSON lines.

In, one line: {"model": folder, "resume_adapter": folder | null, "rows": JSONL file, "output": folder, "epochs",
"batch_size", "learning_rate", "rank", "scale", "layers", "max_sequence", "seed"}.
Out: {"tokens", "total"} once, {"step", "total", "loss"} a step, {"checkpoint": folder, "step", "loss"} after each epoch
but the last, {"done": true} when the adapter lies in "output".

Only the last layers are adapted, so what the frozen ones below make of an example never changes: it is computed in the
first epoch and kept. What all examples begin with, as an instruction, is computed once a batch. The loss is that of the
answer's tokens, and the head is applied to no others.
"""

import json
import math
import os
import shutil
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from cpu import lanes, share_cores, speed_up
from mlx.utils import tree_flatten, tree_map
from mlx_lm.tuner.datasets import ChatDataset
from mlx_lm.tuner.utils import linear_to_lora_layers, load_adapters
from mlx_lm.utils import load
from wire import Wire

KEPT_BYTES = 2**30  # of frozen layers' outputs


class Example:
    """A chat in tokens; those from `start` on, to the one that ends the turn, are the answer, which is learned."""

    def __init__(self, row, dataset, max_sequence):
        tokens, self.start = dataset.process(row)
        ends = [i for i, token in enumerate(tokens) if token in dataset.tokenizer.eos_token_ids]
        self.tokens = tokens[: min(ends[-1] + 1 if ends else len(tokens), max_sequence)]
        self.hidden = None

    @property
    def answer(self):
        return self.tokens[self.start :]

    def __len__(self):
        return len(self.tokens) - 1


def shared_beginning(examples):
    """How many tokens all examples begin with, short of the last one before an answer."""
    first = examples[0].tokens
    alike = min(example.start for example in examples) - 1
    for example in examples[1:]:
        alike = next((i for i in range(alike) if example.tokens[i] != first[i]), alike)
    return alike


class Beginning:
    """Keys and values of one layer for a beginning that rows share: (1, heads, tokens, size). As a cache of mlx-lm it takes
    the beginning first; the keys and values of rows (rows, heads, tokens, size) then come behind it, and are not kept."""

    def __init__(self):
        self.offset = 0
        self._keys = self._values = None

    def update_and_fetch(self, keys, values):
        if self._keys is None:
            self._keys, self._values, self.offset = keys, values, keys.shape[2]
            return keys, values
        return self._before(self._keys, keys), self._before(self._values, values)

    def _before(self, beginning, rows):
        return mx.concatenate([mx.broadcast_to(beginning, (len(rows), *beginning.shape[1:])), rows], axis=2)


def begin(layers, beginning):
    """What layers make of a beginning (1, tokens, size), and their caches for what follows it."""
    if beginning.shape[1] == 0:
        return beginning, [None for _ in layers]
    caches = [Beginning() for _ in layers]
    return through(layers, caches, beginning), caches


def through(layers, caches, hidden):
    for layer, cache in zip(layers, caches):
        hidden = layer(hidden, "causal", cache)
    return hidden


class FrozenLayers:
    """What the layers below the adapted ones make of examples."""

    def __init__(self, model, adapted, beginning):
        self._embed = model.model.embed_tokens
        self._layers = model.model.layers[: len(model.layers) - adapted]
        self._room = KEPT_BYTES
        self._shared = len(beginning)
        self.beginning, self._caches = begin(self._layers, self._embed(mx.array([beginning], mx.int32)))
        mx.eval(self.beginning)

    def __call__(self, examples):
        """Hidden states of what follows the beginning (examples, longest, size), with zeros after an example's end."""
        kept = [example.hidden for example in examples]
        if any(hidden is None for hidden in kept):
            kept = self._compute(examples)
        longest = max(map(len, kept))
        return mx.stack([mx.pad(h, ((0, longest - len(h)), (0, 0))) for h in kept])

    def _compute(self, examples):
        tokens = [example.tokens[self._shared : -1] for example in examples]
        padded = np.zeros((len(tokens), max(map(len, tokens))), np.int32)
        for row, of_row in zip(padded, tokens):
            row[: len(of_row)] = of_row
        rows = through(self._layers, self._caches, self._embed(mx.array(padded)))
        hidden = [row[: len(of_row)] for row, of_row in zip(rows, tokens)]
        for example, of_example in zip(examples, hidden):
            if example.hidden is None and of_example.nbytes <= self._room:
                self._room -= of_example.nbytes
                example.hidden = of_example
        return hidden


def answer_loss(model, adapted, beginning, hidden, positions, targets, weights):
    """Summed cross-entropy of answers. `positions` (behind the beginning), `targets` and `weights` (1, or 0 for padding)
    are (examples, longest answer)."""
    layers = model.model.layers[len(model.layers) - adapted :]
    _, caches = begin(layers, beginning)
    hidden = through(layers, caches, hidden)
    hidden = mx.take_along_axis(model.model.norm(hidden), positions[..., None], axis=1)
    head = getattr(model, "lm_head", None) or model.model.embed_tokens.as_linear
    return (nn.losses.cross_entropy(head(hidden), targets) * weights).sum()


def answers(examples, shared):
    """Positions before each answer token, the tokens, and which are real, as answer_loss takes them."""
    shape = (len(examples), max(len(e.answer) for e in examples))
    positions, targets = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    weights = np.zeros(shape, np.float32)
    for row, example in enumerate(examples):
        count = len(example.answer)
        positions[row, :count] = np.arange(count) + example.start - 1 - shared
        targets[row, :count] = example.answer
        weights[row, :count] = 1
    return mx.array(positions), mx.array(targets), mx.array(weights)


def rate(peak, steps):
    """Rises in a tenth of the steps, so that the first examples do not decide, and falls as a cosine, so that the last
    do not: at a constant rate two trainings on one file differ by ten points of accuracy and more."""
    rise = max(1, round(0.1 * steps))
    rising = optim.linear_schedule(peak / rise, peak, rise)
    return optim.join_schedules([rising, optim.cosine_decay(peak, max(1, steps - rise))], [rise])


class Tuning:
    """One optimiser step a call, on a batch whose parts are computed side by side."""

    def __init__(self, model, job, examples, steps):
        self._model = model
        self._shared = shared_beginning(examples)
        self._frozen = FrozenLayers(model, job["layers"], examples[0].tokens[: self._shared])
        self._optimizer = optim.Adam(learning_rate=rate(job["learning_rate"], steps))
        self._lanes = lanes(job["batch_size"])
        share_cores(len(self._lanes))
        self._gradient = nn.value_and_grad(
            model, lambda *batch: answer_loss(model, job["layers"], *batch)
        )

    def step(self, examples):
        """Mean loss of the answers' tokens, before the step."""
        results = []
        for lane, part in zip(self._lanes, self._parts(examples)):
            with mx.stream(lane):
                hidden = self._frozen(part)
                results.append(self._gradient(self._frozen.beginning, hidden, *answers(part, self._shared)))
        tokens = sum(len(e.answer) for e in examples)
        losses, gradients = zip(*results)
        self._optimizer.update(
            self._model, tree_map(lambda *parts: sum(parts) / tokens, *gradients)
        )
        kept = [e.hidden for e in examples if e.hidden is not None]
        mx.eval(self._model.trainable_parameters(), self._optimizer.state, kept)
        return sum(loss.item() for loss in losses) / tokens

    def _parts(self, examples):
        """One for each lane at most, of examples alike in length, with about as many tokens each."""
        ordered = sorted(examples, key=len)
        ends = np.cumsum([len(example) - self._shared for example in ordered])
        middles = ends - np.diff(ends, prepend=0) / 2
        lane_of = (middles * len(self._lanes) / ends[-1]).astype(int)
        return [[e for e, at in zip(ordered, lane_of) if at == lane] for lane in np.unique(lane_of)]


def batches(examples, batch_size, epochs, random):
    """Every epoch in a new order; a batch may end one epoch and begin the next."""
    wanted = round(len(examples) * epochs)
    order = [i for _ in range(math.ceil(epochs)) for i in random.permutation(len(examples))]
    for start in range(0, wanted, batch_size):
        yield [examples[i] for i in order[start : min(start + batch_size, wanted)]]


def prepare(job):
    """The model with fresh or earlier LoRA layers, and the examples."""
    model, tokenizer = load(job["model"])
    speed_up(model)
    model.freeze()
    mx.random.seed(job["seed"])
    if job["resume_adapter"]:
        load_adapters(model, job["resume_adapter"])
    else:
        linear_to_lora_layers(model, job["layers"], lora_parameters(job))
    with open(job["rows"], encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    dataset = ChatDataset(rows, tokenizer, mask_prompt=True)
    examples = [Example(row, dataset, job["max_sequence"]) for row in rows]
    examples = [example for example in examples if example.answer]
    if not examples:
        raise ValueError(f"Every row is longer than {job['max_sequence']} tokens before its answer.")
    return model, examples


def lora_parameters(job):
    return {"rank": job["rank"], "scale": job["scale"], "dropout": 0.0}


def save_adapter(model, job, folder):
    """In the form mlx-lm reads. Written beside and renamed, so that a folder of this name is always whole."""
    partial = Path(f"{folder}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    weights = dict(tree_flatten(model.trainable_parameters()))
    mx.save_safetensors(str(partial / "adapters.safetensors"), weights)
    config = {
        "fine_tune_type": "lora",
        "num_layers": job["layers"],
        "lora_parameters": lora_parameters(job),
    }
    (partial / "adapter_config.json").write_text(json.dumps(config))
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(partial, folder)


def main():
    wire = Wire()
    job = wire.receive()
    model, examples = prepare(job)
    epochs, batch_size = job["epochs"], job["batch_size"]
    total = math.ceil(round(len(examples) * epochs) / batch_size)
    epoch_ends = {math.ceil(len(examples) * e / batch_size) for e in range(1, math.ceil(epochs))}
    wire.send({"tokens": round(sum(len(e.tokens) for e in examples) * epochs), "total": total})
    tuning = Tuning(model, job, examples, total)
    random = np.random.default_rng(job["seed"])
    for step, batch in enumerate(batches(examples, batch_size, epochs, random), start=1):
        loss = tuning.step(batch)
        if not math.isfinite(loss):
            raise ArithmeticError(f"the training diverged at step {step}: lower learningRateMultiplier")
        wire.send({"step": step, "total": total, "loss": loss})
        if step in epoch_ends and step < total:
            folder = f"{job['output']}-step-{step}"
            save_adapter(model, job, folder)
            wire.send({"checkpoint": folder, "step": step, "loss": loss})
    save_adapter(model, job, job["output"])
    wire.send({"done": True})


if __name__ == "__main__":
    main()
