"""Fine-tunes a LoRA adapter for the gateway with mlx-lm's tuner, over JSON lines.

In, one line: {"model": folder, "resume_adapter": folder | null, "rows": JSONL file, "output": folder, "epochs",
"batch_size", "learning_rate", "rank", "scale", "layers", "max_sequence", "seed"}.
Out: {"tokens", "total"} once, {"step", "total", "loss"} a step, {"checkpoint": folder, "step"} after each epoch but
the last, {"done": true} when the adapter lies in "output".
"""

import json
import math
import os
import shutil
from pathlib import Path

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten
from mlx_lm.tuner.callbacks import TrainingCallback
from mlx_lm.tuner.datasets import CacheDataset, ChatDataset
from mlx_lm.tuner.trainer import TrainingArgs, train
from mlx_lm.tuner.utils import linear_to_lora_layers, load_adapters
from mlx_lm.utils import load
from wire import Wire


def read_rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def adapter_config(job):
    return {
        "fine_tune_type": "lora",
        "num_layers": job["layers"],
        "lora_parameters": {"rank": job["rank"], "scale": job["scale"], "dropout": 0.0},
    }


def save_adapter(model, job, folder):
    """Writes beside and renames, so that a folder of this name is always whole."""
    partial = Path(f"{folder}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    weights = dict(tree_flatten(model.trainable_parameters()))
    mx.save_safetensors(str(partial / "adapters.safetensors"), weights)
    (partial / "adapter_config.json").write_text(json.dumps(adapter_config(job)))
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(partial, folder)


class Progress(TrainingCallback):
    def __init__(self, wire, model, job, total, steps_per_epoch):
        self._wire, self._model, self._job = wire, model, job
        self._total, self._steps_per_epoch = total, steps_per_epoch

    def on_train_loss_report(self, info):
        step = info["iteration"]
        self._wire.send({"step": step, "total": self._total, "loss": info["train_loss"]})
        if step % self._steps_per_epoch == 0 and step < self._total:
            folder = f"{self._job['output']}-step-{step}"
            save_adapter(self._model, self._job, folder)
            self._wire.send({"checkpoint": folder, "step": step, "loss": info["train_loss"]})


def main():
    wire = Wire()
    job = wire.receive()
    np.random.seed(job["seed"])
    mx.random.seed(job["seed"])
    model, tokenizer = load(job["model"])
    model.freeze()
    if job["resume_adapter"]:
        load_adapters(model, job["resume_adapter"])
    else:
        linear_to_lora_layers(model, job["layers"], adapter_config(job)["lora_parameters"])
    rows = read_rows(job["rows"])
    dataset = CacheDataset(ChatDataset(rows, tokenizer, mask_prompt=True))
    batch_size = min(job["batch_size"], len(rows))
    steps_per_epoch = math.ceil(len(rows) / batch_size)
    total = math.ceil(len(rows) * job["epochs"] / batch_size)
    tokens = sum(len(dataset[i][0]) for i in range(len(rows)))
    wire.send({"tokens": int(tokens * job["epochs"]), "total": total})
    output = Path(job["output"])
    scratch = output.parent / "scratch.safetensors"
    train(
        model,
        optim.Adam(learning_rate=job["learning_rate"]),
        dataset,
        args=TrainingArgs(
            batch_size=batch_size,
            iters=total,
            steps_per_report=1,
            steps_per_save=total + 1,
            max_seq_length=job["max_sequence"],
            adapter_file=str(scratch),
        ),
        training_callback=Progress(wire, model, job, total, steps_per_epoch),
    )
    scratch.unlink()
    save_adapter(model, job, output)
    wire.send({"done": True})


if __name__ == "__main__":
    main()
