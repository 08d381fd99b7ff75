"""Fine-tunes a LoRA adapter for the gateway with the parts of mlx-lm's tuner, over JSON lines.

In, one line: {"model": folder, "resume_adapter": folder | null, "rows": JSONL file, "output": folder, "epochs",
"batch_size", "learning_rate", "rank", "scale", "layers", "max_sequence", "seed"}.
Out: {"tokens", "total"} once, {"step", "total", "loss"} a step, {"checkpoint": folder, "step", "loss"} after each epoch
but the last, {"done": true} when the adapter lies in "output".

Only the last layers are adapted, so what the frozen ones below make of an example never changes: it is computed in the
first epoch and kept. The loss is that of the answer's tokens, and the head is applied to no others.
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


class FrozenLayers:
    """What the layers below the adapted ones make of examples."""

    def __init__(self, model, adapted):
        self._embed = model.model.embed_tokens
        self._layers = model.model.layers[: len(model.layers) - adapted]
        self._room = KEPT_BYTES

    def __call__(self, examples):
        """Hidden states (examples, longest, size); zeros after an example's end."""
        longest = max(map(len, examples))
        hidden = [self._one(example) for example in examples]
        return mx.stack([mx.pad(h, ((0, longest - len(h)), (0, 0))) for h in hidden])

    def _one(self, example):
        if example.hidden is not None:
            return example.hidden
        hidden = self._embed(mx.array([example.tokens[:-1]]))
        for layer in self._layers:
            hidden = layer(hidden, "causal")
        if hidden.nbytes <= self._room:
            self._room -= hidden.nbytes
            example.hidden = hidden[0]
        return hidden[0]


def answer_loss(model, adapted, hidden, positions, targets, weights):
    """Summed cross-entropy of answers. `positions`, `targets` and `weights` (1, or 0 for padding) are (examples, longest answer)."""
    for layer in model.model.layers[len(model.layers) - adapted :]:
        hidden = layer(hidden, "causal")
    hidden = mx.take_along_axis(model.model.norm(hidden), positions[..., None], axis=1)
    head = getattr(model, "lm_head", None) or model.model.embed_tokens.as_linear
    return (nn.losses.cross_entropy(head(hidden), targets) * weights).sum()


def answers(examples):
    """Positions before each answer token, the tokens, and which are real, as answer_loss takes them."""
    shape = (len(examples), max(len(e.answer) for e in examples))
    positions, targets = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    weights = np.zeros(shape, np.float32)
    for row, example in enumerate(examples):
        count = len(example.answer)
        positions[row, :count] = np.arange(example.start - 1, example.start - 1 + count)
        targets[row, :count] = example.answer
        weights[row, :count] = 1
    return mx.array(positions), mx.array(targets), mx.array(weights)


class Tuning:
    """One optimiser step a call, on a batch whose parts are computed side by side."""

    def __init__(self, model, job):
        self._model = model
        self._frozen = FrozenLayers(model, job["layers"])
        self._optimizer = optim.Adam(learning_rate=job["learning_rate"])
        self._lanes = lanes(job["batch_size"])
        share_cores(len(self._lanes))
        self._gradient = nn.value_and_grad(
            model, lambda *batch: answer_loss(model, job["layers"], *batch)
        )

    def step(self, examples):
        """Mean loss of the answers' tokens, before the step."""
        ordered = sorted(examples, key=len)
        size = math.ceil(len(ordered) / len(self._lanes))
        parts = [ordered[i : i + size] for i in range(0, len(ordered), size)]
        results = []
        for lane, part in zip(self._lanes, parts):
            with mx.stream(lane):
                results.append(self._gradient(self._frozen(part), *answers(part)))
        tokens = sum(len(e.answer) for e in examples)
        losses, gradients = zip(*results)
        self._optimizer.update(
            self._model, tree_map(lambda *parts: sum(parts) / tokens, *gradients)
        )
        kept = [e.hidden for e in examples if e.hidden is not None]
        mx.eval(self._model.trainable_parameters(), self._optimizer.state, kept)
        return sum(loss.item() for loss in losses) / tokens


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
    tuning = Tuning(model, job)
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
