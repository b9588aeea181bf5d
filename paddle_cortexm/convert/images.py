"""From PaddleClas's DataLoader: where images are, how they become the network's input, how training varies them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from paddle_cortexm.convert.source import Note, Source

Values = dict[str, Any]
TRAIN, EVAL = "DataLoader.Train.dataset", "DataLoader.Eval.dataset"
VARIED, MEASURED = f"{TRAIN}.transform_ops", f"{EVAL}.transform_ops"
MIXED = f"{TRAIN}.batch_transform_ops"
LISTS = {TRAIN: "train_list.txt", EVAL: "val_list.txt"}  # of data.kind list
RANDOM_ERASING = {"sl": 0.02, "sh": 1 / 3, "r1": 0.3}  # what cannot be set, and what it is
FULL_CROP = [0.08, 1.0]  # PaddleClas's scale of RandCropImage


def image_size(source: Source) -> int | None:
    """Side of the network's input: what evaluation crops, else what Global says."""
    shape = source.peek("Global.image_shape")
    sides = [int(side) for side in shape[1:]] if isinstance(shape, list) and len(shape) == 3 else []
    crop = source.number(f"{MEASURED}.CropImage.size")
    resized = _sides(source.peek(f"{MEASURED}.ResizeImage.size"))
    if crop is None and resized:
        source.note(f"{MEASURED}.ResizeImage.size", "stretches the image; here its centre is cut out as a square")
    size = int(crop) if crop else max(resized or sides, default=0)
    if sides == [size, size]:
        source.take("Global.image_shape")
    source.note("Global.image_shape", f"the network's input is square here: {size} x {size}")
    return size or None


def data(source: Source) -> Values:
    """Section data."""
    values: Values = {}
    if folder := _lists(source):
        values = {"kind": "list", "path": folder}
    if resize := source.number(f"{MEASURED}.ResizeImage.resize_short"):
        values["resize"] = int(resize)
    for operator in ("NormalizeImage", "Normalize"):
        path = f"{MEASURED}.{operator}"
        scale = source.number(f"{path}.scale", 1 / 255 if operator == "NormalizeImage" else 1.0) or 1.0
        for key in ("mean", "std"):
            # PaddleClas: (pixel x scale - mean) / std. Here: (pixel / 255 - mean) / std.
            if given := source.take(f"{path}.{key}"):
                factor = 255 * scale if operator == "NormalizeImage" else 1.0
                values[key] = [round(float(value) / factor, 6) for value in given]
        source.take(f"{path}.order")
    return values


def _sides(size: Any) -> list[int]:
    """The sides of a size that is a number or [width, height]."""
    if isinstance(size, list):
        return [int(side) for side in size]
    return [int(size)] if isinstance(size, int) else []


def _lists(source: Source) -> str | None:
    """The folder of the lists and images; what has to be moved or renamed is noted."""
    folder = source.take(f"{TRAIN}.image_root")
    source.take(f"{EVAL}.image_root")
    if folder is None:
        return None
    for dataset, name in LISTS.items():
        given, wanted = source.take(f"{dataset}.cls_label_path"), PurePosixPath(folder) / name
        if isinstance(given, str) and PurePosixPath(given) != wanted:
            path = f"{dataset}.cls_label_path"
            source.notes.append(Note(path, given, f"put this list at {wanted}, where data.kind 'list' looks for it"))
        kind = source.take(f"{dataset}.name", "ImageNetDataset")
        if kind != "ImageNetDataset":
            source.notes.append(Note(f"{dataset}.name", kind, "images have one label each here, a 'path label' a line"))
    return str(PurePosixPath(folder))


def variation(source: Source) -> Values:
    """How training varies images: keys of section train."""
    scale = source.take(f"{VARIED}.RandCropImage.scale", FULL_CROP)
    crops = source.has(f"{VARIED}.RandCropImage")
    flips = source.peek(f"{VARIED}.RandFlipImage.flip_code") == 1
    if flips:
        source.take(f"{VARIED}.RandFlipImage.flip_code")
    source.note(f"{VARIED}.RandFlipImage.flip_code", "images are mirrored left to right only")
    jitter = {source.number(f"{VARIED}.ColorJitter.{key}") for key in ("brightness", "contrast", "saturation")} - {None}
    if len(jitter) > 1:
        source.notes.append(Note(f"{VARIED}.ColorJitter", sorted(filter(None, jitter)), "one strength for all three"))
    return {
        "crop_scale": scale if crops else [1.0, 1.0],
        "flip": flips,
        "colour_jitter": max(filter(None, jitter), default=0.0),
        **_erasing(source),
        **_mixing(source),
    }


def _erasing(source: Source) -> Values:
    path = f"{VARIED}.RandomErasing"
    if not source.has(path):
        return {}
    for key, built_in in RANDOM_ERASING.items():
        source.expect(f"{path}.{key}", built_in)
    mode = source.take(f"{path}.mode", "const")
    if mode != "pixel":
        source.notes.append(Note(f"{path}.mode", mode, "what is erased becomes noise, as with mode pixel"))
    for key in ("mean", "attempt", "use_log_aspect"):
        source.take(f"{path}.{key}")
    return {"random_erasing": source.number(f"{path}.EPSILON", 0.5)}


def _mixing(source: Source) -> Values:
    """mixup and cutmix, alone or as the choices of an OpSampler."""
    values: Values = {}
    for key, operator, default in (("mixup", "MixupOperator", 1.0), ("cutmix", "CutmixOperator", 0.2)):
        for path, often in ((f"{MIXED}.{operator}", 1.0), (f"{MIXED}.OpSampler.{operator}", 0.0)):
            if source.has(path):
                values[key] = source.number(f"{path}.alpha", default)
                values[f"{key} often"] = source.number(f"{path}.prob", often)
    shares = [values.pop(f"{key} often") for key in tuple(values) if f"{key} often" in values]
    if shares and any(abs(share - 1 / len(shares)) > 1e-6 for share in shares):
        source.notes.append(Note(MIXED, shares, "every batch is mixed, half of them each way where there are two"))
    return values
