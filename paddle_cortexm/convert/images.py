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


Size = tuple[int, int]  # (height, width)


def image_size(source: Source) -> tuple[Size | None, Values]:
    """The network's input, which is what evaluation crops or resizes to, else what Global says; and how an image comes
    to it: keys of section data."""
    cropped, stretched = (_size(source, f"{MEASURED}.{name}.size") for name in ("CropImage", "ResizeImage"))
    shape = [int(side) for side in source.numbers("Global.image_shape")]  # (channels, height, width)
    stated = (shape[-2], shape[-1]) if len(shape) > 1 else None
    size = cropped or stretched or stated
    if stated and size != stated:
        source.notes.append(Note("Global.image_shape", shape, "evaluation makes another size, which is taken"))
    if resize := source.number(f"{MEASURED}.ResizeImage.resize_short"):
        return size, {"resize": int(resize)}
    if stretched is None:
        return size, {}
    return size, {"fit": "stretch"} | ({"resize": as_key(stretched)} if stretched != size else {})


def as_key(size: Size) -> int | list[int]:
    """A size as our configs have it."""
    return size[0] if size[0] == size[1] else list(size)


def _size(source: Source, path: str) -> Size | None:
    """A size of PaddleClas's operators: a side, or (width, height), as OpenCV has it."""
    sides = [int(side) for side in source.numbers(path)]
    return (sides[-1], sides[0]) if sides else None


def data(source: Source) -> Values:
    """Section data."""
    values: Values = {}
    if folder := _lists(source):
        values = {"kind": "list", "path": folder}
    if source.peek(f"{MEASURED}.DecodeImage.to_rgb") is False:
        source.take(f"{MEASURED}.DecodeImage.to_rgb")
        values["colour"] = "bgr"
    # Of PaddleClas, NormalizeImage is (pixel x scale - mean) / std and Normalize takes shares, as here.
    for operator, scale in (
        ("NormalizeImage", source.number(f"{MEASURED}.NormalizeImage.scale", 1 / 255)),
        ("Normalize", 1 / 255),
    ):
        source.take(f"{MEASURED}.{operator}.order")
        for key in ("mean", "std"):
            if given := source.numbers(f"{MEASURED}.{operator}.{key}"):
                values[key] = [round(value / (255 * (scale or 1.0)), 6) for value in given]
    return values


def _lists(source: Source) -> str | None:
    """The folder of the lists and images; what has to be moved or renamed is noted."""
    folder = source.text(f"{TRAIN}.image_root")
    source.text(f"{EVAL}.image_root")
    if folder is None:
        return None
    for dataset, name in LISTS.items():
        given, wanted = source.text(f"{dataset}.cls_label_path"), PurePosixPath(folder) / name
        if given and PurePosixPath(given) != wanted:
            path = f"{dataset}.cls_label_path"
            source.notes.append(Note(path, given, f"put this list at {wanted}, where data.kind 'list' looks for it"))
        if source.peek(f"{dataset}.name") in ("ImageNetDataset", "MultiLabelDataset"):
            source.take(f"{dataset}.name")
        source.take(f"{dataset}.label_ratio")  # MultiLabelLoss says whether it counts
        source.note(f"{dataset}.name", "a line of a list is 'path class', or 'path 0,1,0' for several labels")
    return str(PurePosixPath(folder))


def variation(source: Source, size: Size | None) -> Values:
    """How training varies images: keys of section train. size: of the network's input."""
    if source.number(f"{VARIED}.TimmAutoAugment.prob", 1.0) == 0:
        source.discard(f"{VARIED}.TimmAutoAugment")
    crops = source.has(f"{VARIED}.RandCropImage")
    scale = source.numbers(f"{VARIED}.RandCropImage.scale") or FULL_CROP
    trained_size = _size(source, f"{VARIED}.RandCropImage.size")
    if trained_size and size and trained_size != size:
        reason = f"trained at the size that is measured and deployed: {as_key(size)}"
        source.notes.append(Note(f"{VARIED}.RandCropImage.size", as_key(trained_size), reason))
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
    shares: list[float] = []
    for key, operator, default in (("mixup", "MixupOperator", 1.0), ("cutmix", "CutmixOperator", 0.2)):
        alone, chosen = f"{MIXED}.{operator}", f"{MIXED}.OpSampler.{operator}"
        path = alone if source.has(alone) else chosen
        if source.has(path):
            values[key] = source.number(f"{path}.alpha", default)
            shares.append(source.number(f"{path}.prob", 1.0 if path == alone else 0.0) or 0.0)
    if any(abs(share * len(shares) - 1) > 1e-6 for share in shares):
        source.notes.append(Note(MIXED, shares, "every batch is mixed; of both ways each gets half of the batches"))
    return values
