"""Why a value of a PaddleClas config has no counterpart here: reasons for what the other modules did not take."""

from __future__ import annotations

import re

from paddle_cortexm.convert.source import Note, Source

WITHOUT_EFFECT = None  # on the model that is trained and deployed
OFF: tuple[object, ...] = (None, False, "", [], {})  # values that switch nothing on
AUGMENTATION = "no such augmentation: crop_scale, flip, colour_jitter, random_erasing, mixup, cutmix are what there is"
# The first pattern that matches a path from its beginning counts; what it has in brackets is noted once for all below.
REASONS: tuple[tuple[str, str | None], ...] = (
    (r"Infer|Metric|Loss\.Eval|IndexProcess", WITHOUT_EFFECT),
    (r"Global\.update_freq", "gradients are not accumulated: a step is one batch"),
    (r"Global\.(?:train_mode|image_channel|iter_per_epoch|warmup_iter)", "no such way to train"),
    (r"Global\.checkpoints", "an interrupted run goes on by itself"),
    (r"Global", WITHOUT_EFFECT),
    (r"AMP\.use_amp", "float32, unless you set train.mixed_precision on a machine with a GPU"),
    (r"AMP", WITHOUT_EFFECT),
    (r"(DataLoader\.Eval\.(?:Query|Gallery))", "retrieval is not measured: there is one validation list"),
    (r"DataLoader\..*\.loader", WITHOUT_EFFECT),
    (r"DataLoader\.Eval\.sampler", WITHOUT_EFFECT),
    (r"DataLoader\.Train\.sampler\.(?:shuffle|drop_last)", WITHOUT_EFFECT),
    (r"(DataLoader\.Train\.sampler)", "every epoch takes each image once, in random order and at one size"),
    (r".*\.(?:DecodeImage\.(?:channel_first|to_np|backend|to_rgb)|ToCHWImage|ToTensor|return_numpy)", WITHOUT_EFFECT),
    (r".*\.RandCropImage\.(?:use_log_aspect|ratio|interpolation|backend)", WITHOUT_EFFECT),
    (r"(DataLoader\.Eval\.dataset\.transform_ops\.ResizeImage)", "resized in integers, as the target does"),
    (r"DataLoader\.Train\.dataset\.transform_ops\.Normalize(?:Image)?\.", WITHOUT_EFFECT),
    (r"(DataLoader\.Train\.dataset\.transform_ops\.[^.]+)", AUGMENTATION),
    (r"(DataLoader\.Train\.dataset\.batch_transform_ops)", AUGMENTATION),
    (r"(DataLoader\.\w+\.dataset\.transform_ops\.[^.]+)", "images are resized, cropped and normalised"),
    (r"(DataLoader\.\w+)", "images are read from a folder a class, or from train_list.txt and val_list.txt"),
    (r"(Loss\.Train\.[^.]+)", "the loss is cross entropy, of classes or labels and of a teacher's answers"),
    (r"(Loss\.\w+)", "the loss is cross entropy, of classes or labels and of a teacher's answers"),
    (r"Optimizer\.(?:one_dim_param_no_weight_decay|no_weight_decay_name|use_nesterov|multi_precision)", WITHOUT_EFFECT),
    (r"(Optimizer\.lr)", "the learning rate rises over warmup_epochs, then falls along half a cosine"),
    (r"(Optimizer\.[^.]+)", "no such setting of momentum and AdamW"),
    (r"(Slim\.prune)", "networks are not pruned"),
    (r"(Arch.*\.lr_mult_list)", "the backbone has one rate: train.backbone_rate"),
    (r"Arch.*\.use_sync_bn", "several processes average the statistics of batch norm after an epoch"),
    (r"(Arch\.(?:Head|Neck|BackboneStopLayer))", "the network ends in its own classifier"),
    (r"(Arch\.models\.\w+\.\w+|Arch\.\w+)", "the network is built as PaddleClas does by default"),
    (r"([^.]*)", "no counterpart"),
)


def notes_on_leftovers(source: Source) -> list[Note]:
    """Notes on everything that is left and would change the model."""
    notes: dict[str, Note] = {}
    for path, value in source.left().items():
        match, reason = next((m, reason) for pattern, reason in REASONS if (m := re.match(pattern, path)))
        if reason is not WITHOUT_EFFECT and value not in OFF:
            name = match[1] if match.groups() else path
            notes.setdefault(name, Note(name, value if name == path else None, reason))
    return list(notes.values())
