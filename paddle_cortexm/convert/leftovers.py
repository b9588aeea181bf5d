"""Why a value of a PaddleClas config has no counterpart here: reasons for what the other modules did not take."""

from __future__ import annotations

import re

from paddle_cortexm.convert.source import Note, Source

WITHOUT_EFFECT = None  # on the model that is trained and deployed
OFF = (None, False, "", [], {})  # values that switch nothing on
AUGMENTATION = "no such augmentation: crop_scale, flip, colour_jitter, random_erasing, mixup, cutmix are what there is"
# The first pattern that matches a path from its beginning counts.
REASONS: tuple[tuple[str, str | None], ...] = (
    (r"Infer|Metric|Loss\.Eval|IndexProcess", WITHOUT_EFFECT),
    (r"Global\.update_freq", "gradients are not accumulated: a step is one batch"),
    (r"Global\.use_multilabel", "an image has one label"),
    (r"Global\.(train_mode|image_channel|iter_per_epoch|warmup_iter)", "no such way to train"),
    (r"Global\.checkpoints", "an interrupted run goes on by itself"),
    (r"Global", WITHOUT_EFFECT),
    (r"AMP\.use_amp", "trained in float32"),
    (r"AMP", WITHOUT_EFFECT),
    (r"DataLoader\..*\.loader", WITHOUT_EFFECT),
    (r"DataLoader\.Eval\.sampler", WITHOUT_EFFECT),
    (r"DataLoader\.Train\.sampler\.(shuffle|drop_last)", WITHOUT_EFFECT),
    (r"DataLoader\.Train\.sampler\.name", "every epoch takes all images once, in random order"),
    (r".*\.(DecodeImage\.(channel_first|to_np|backend)|ToCHWImage|ToTensor|return_numpy)", WITHOUT_EFFECT),
    (r".*\.DecodeImage\.to_rgb", WITHOUT_EFFECT),
    (r".*\.(interpolation|backend)$", "resized in integers, as on the target"),
    (r".*\.RandCropImage\.(use_log_aspect|ratio)", WITHOUT_EFFECT),
    (r"DataLoader\.Train\.dataset\.transform_ops\.(NormalizeImage|Normalize)\b", WITHOUT_EFFECT),
    (r"DataLoader\.Train\.dataset\.(batch_)?transform_ops", AUGMENTATION),
    (r"DataLoader\..*\.dataset\.transform_ops", "no such step: resize, centre crop and normalise are what there is"),
    (r"DataLoader", "images are read from a folder a class, or from train_list.txt and val_list.txt"),
    (r"Loss\.Train", "the loss is cross entropy, of labels and of a teacher's answers"),
    (r"Optimizer\.(one_dim_param_no_weight_decay|no_weight_decay_name)", WITHOUT_EFFECT),  # always so
    (r"Optimizer\.(use_nesterov|multi_precision)", WITHOUT_EFFECT),
    (r"Optimizer\.lr", "the learning rate rises over warmup_epochs, then falls along half a cosine"),
    (r"Optimizer", "no such setting of momentum and AdamW"),
    (r"Slim\.prune", "networks are not pruned"),
    (r"Arch.*\.use_sync_bn", "several processes average the statistics of batch norm after an epoch"),
    (r"Arch", "the network is built as PaddleClas does by default"),
    (r"", "no counterpart"),
)


def notes_on_leftovers(source: Source) -> list[Note]:
    """A note on everything that is left and would change the model."""
    notes = []
    for path, value in source.left().items():
        reason = next(reason for pattern, reason in REASONS if re.match(pattern, path))
        if reason is not WITHOUT_EFFECT and value not in OFF:
            notes.append(Note(path, value, reason))
    return notes
