"""Fine-tunes a LoRA adapter for the gateway with the parts of mlx-lm's tuner, over JSON lines.

In, one line: {"model": {"folder", "template"}, "resume_adapter": folder | null, "rows": JSONL file, "output": folder,
"epochs", "batch_size", "learning_rate", "schedule", "warmup", "rank", "scale", "layers": the last ones | null for all,
"max_sequence", "seed"}. An adapter that is gone on with keeps its rank, scale and layers.
Out: {"tokens", "total"} once, {"step", "total", "loss"} a step, {"checkpoint": folder, "step", "loss"} after each epoch
but the last, {"done": true} when the adapter lies in "output".

The loss is that of the answer's tokens.
"""

import json
import math
import os
import shutil
from pathlib import Path

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from any_tuning import AnyTuning
from cpu import speed_up
from llama_tuning import LlamaTuning
from mlx.utils import tree_flatten
from mlx_lm.tuner.datasets import ChatDataset
from mlx_lm.tuner.utils import linear_to_lora_layers, load_adapters
from models import adapted_layers, is_plain_llama, load_model
from wire import Wire


class Example:
    """A chat in tokens; those from `start` on, to the one that ends the turn, are the answer, which is learned."""

    def __init__(self, row, dataset, max_sequence):
        tokens, self.start = dataset.process(row)
        ends = [i for i in range(self.start, len(tokens)) if tokens[i] in dataset.tokenizer.eos_token_ids]
        self.tokens = tokens[: min(ends[-1] + 1 if ends else len(tokens), max_sequence)]
        self.hidden = None

    @property
    def answer(self):
        return self.tokens[self.start :]

    def __len__(self):
        return len(self.tokens) - 1


FALLS = {
    "cosine": optim.cosine_decay,
    "linear": lambda peak, steps: optim.linear_schedule(peak, 0, steps),
    "constant": lambda peak, steps: lambda step: peak,
}


def rate(job, steps):
    """Rises in the share `warmup` of the steps, so that the first examples do not decide, and falls by the `schedule`, so that the
    last do not: at a constant rate two trainings on one file differ by ten points of accuracy and more."""
    peak, rise = job["learning_rate"], max(1, round(job["warmup"] * steps))
    rising = optim.linear_schedule(peak / rise, peak, rise)
    return optim.join_schedules([rising, FALLS[job["schedule"]](peak, max(1, steps - rise))], [rise])


def batches(examples, batch_size, epochs, random):
    """Every epoch in a new order; a batch may end one epoch and begin the next."""
    wanted = round(len(examples) * epochs)
    order = [i for _ in range(math.ceil(epochs)) for i in random.permutation(len(examples))]
    for start in range(0, wanted, batch_size):
        yield [examples[i] for i in order[start : min(start + batch_size, wanted)]]


def prepare(job):
    """The job with what it leaves open, the model with fresh or earlier LoRA layers, whether it is a plain Llama, and the examples."""
    model, tokenizer, _ = load_model(job["model"])
    plain = is_plain_llama(model)
    if plain:
        speed_up(model)
    model.freeze()
    mx.random.seed(job["seed"])
    if job["resume_adapter"]:
        job |= shape_of(job["resume_adapter"])
        load_adapters(model, job["resume_adapter"])
    else:
        job |= {"layers": adapted_layers(model, job["layers"])}
        linear_to_lora_layers(model, job["layers"], lora_parameters(job))
    with open(job["rows"], encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    dataset = ChatDataset(rows, tokenizer, mask_prompt=True)
    examples = [Example(row, dataset, job["max_sequence"]) for row in rows]
    examples = [example for example in examples if example.answer]
    if not examples:
        raise ValueError(f"Every row is longer than {job['max_sequence']} tokens before its answer.")
    return job, model, plain, examples


def shape_of(adapter):
    """Rank, scale and layers of an adapter in a folder."""
    config = json.loads((Path(adapter) / "adapter_config.json").read_text())
    lora = config["lora_parameters"]
    return {"rank": lora["rank"], "scale": lora["scale"], "layers": config["num_layers"]}


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
    job, model, plain, examples = prepare(wire.receive())
    epochs, batch_size = job["epochs"], job["batch_size"]
    total = math.ceil(round(len(examples) * epochs) / batch_size)
    epoch_ends = {math.ceil(len(examples) * e / batch_size) for e in range(1, math.ceil(epochs))}
    wire.send({"tokens": round(sum(len(e.tokens) for e in examples) * epochs), "total": total})
    optimizer = optim.Adam(learning_rate=rate(job, total))
    tuning = LlamaTuning(model, job, examples, optimizer) if plain else AnyTuning(model, optimizer)
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
