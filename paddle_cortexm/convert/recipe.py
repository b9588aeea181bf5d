"""From PaddleClas's Global, Optimizer, Loss, EMA and Slim: how the network is trained and quantised."""

from __future__ import annotations

from typing import Any

from paddle_cortexm.convert.source import Note, Source

Values = dict[str, Any]
SAMPLERS = ("DistributedBatchSampler", "BatchSampler")
BATCH_SIZE = (
    "that of each of PaddleClas's processes, here of all together; its learning rate suits all, often 4 of them"
)
OPTIMISERS = {"Momentum": "momentum", "AdamW": "adamw"}
LABELS = "Loss.Train.MultiLabelLoss"
SUMMED = "the loss is the mean over the labels: with momentum, its learning rate times their number is the same"
# What cannot be set here, and what it is.
BUILT_IN = {
    "Optimizer.momentum": 0.9,
    "Optimizer.beta1": 0.9,
    "Optimizer.beta2": 0.999,
    "Optimizer.epsilon": 1e-8,
    "Optimizer.lr.eta_min": 0.0,
    "Optimizer.lr.warmup_start_lr": 0.0,
    "Loss.Train.CELoss.weight": 1.0,
    f"{LABELS}.weight": 1.0,
}


def training(source: Source) -> Values:
    """Section train, but for what varies images."""
    values: Values = {"frozen_epochs": 0, "backbone_rate": 1.0}  # all of the network learns alike
    if epochs := source.number("Global.epochs"):
        values["epochs"] = int(epochs)
    sampler = "DataLoader.Train.sampler"
    if source.peek(f"{sampler}.name") in SAMPLERS:
        source.take(f"{sampler}.name")
    if size := source.number(f"{sampler}.batch_size") or source.number(f"{sampler}.first_bs"):
        values["batch_size"] = int(size)
        source.notes.append(Note(f"{sampler}.batch_size", int(size), BATCH_SIZE))
    values |= _optimiser(source)
    values["label_smoothing"] = source.number("Loss.Train.CELoss.epsilon", 0.0)
    values |= _labels(source)
    if decay := source.number("EMA.decay"):
        values["ema"] = decay
    for path, built_in in BUILT_IN.items():
        source.expect(path, built_in)
    return values


def _labels(source: Source) -> Values:
    """The loss of several labels an image."""
    if not source.has(LABELS):
        return {}
    source.take(LABELS)  # without settings
    values: Values = {"label_smoothing": source.number(f"{LABELS}.epsilon", 0.0)}
    if source.take(f"{LABELS}.weight_ratio"):
        values["class_weights"] = "balanced"
    if source.take(f"{LABELS}.size_sum"):
        source.notes.append(Note(f"{LABELS}.size_sum", True, SUMMED))
    return values


def _optimiser(source: Source) -> Values:
    name = source.peek("Optimizer.name")
    if name in OPTIMISERS:
        source.take("Optimizer.name")
    source.note("Optimizer.name", f"there are {' and '.join(OPTIMISERS)}; the learning rate may have to change")
    values: Values = {"optimiser": OPTIMISERS.get(name, "adamw" if str(name).startswith("Adam") else "momentum")}
    if rate := source.number("Optimizer.lr.learning_rate"):
        values["learning_rate"] = rate
    values["warmup_epochs"] = source.number("Optimizer.lr.warmup_epoch", 0.0)
    decay = source.number("Optimizer.weight_decay")
    if source.peek("Optimizer.regularizer.name") == "L2":
        source.take("Optimizer.regularizer.name")
        decay = source.number("Optimizer.regularizer.coeff", decay)
    if source.peek("Optimizer.lr.name") == "Cosine":
        source.take("Optimizer.lr.name")
    elif source.has("Optimizer.lr.name"):
        source.note("Optimizer.lr.name", "the learning rate falls along half a cosine instead")
        source.discard("Optimizer.lr")
    return values | {"weight_decay": decay or 0.0}


def quantisation(source: Source) -> Values:
    """Section quantise: training-aware where the YAML trains for quantisation."""
    if source.take("Slim.quant.name") is None:
        return {}
    return {"precision": "int8", "method": "qat"}
