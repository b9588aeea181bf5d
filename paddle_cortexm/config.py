"""A deployment's config: one YAML file under configs/, read into frozen, checked models.

`load("pplcnet_corstone310_int8")` or `load("configs/pplcnet_corstone310_int8.yaml")`. An unknown key, a value of the
wrong type or out of range is a UserError that names the file, the key, what is allowed and the nearest known key.
The folder configs/ and relative paths in a config are those of the repository, wherever a script is started from.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from paddle_cortexm.boards import TARGETS
from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.paths import CONFIG_FOLDER
from paddle_cortexm.settings.data import Data
from paddle_cortexm.settings.image_input import (
    ImageInput,
    both_sides,
    every_deviation,
    every_mean,
)
from paddle_cortexm.settings.model import Model
from paddle_cortexm.settings.section import Fraction, Section
from paddle_cortexm.settings.tasks import TASKS, task_defaults
from paddle_cortexm.settings.training import FINE_TUNING, Train
from paddle_cortexm.settings.weights import SCRATCH, UNTRAINED
from paddle_cortexm.text_files import read_text


def parse_arena(value: Any) -> str | int:
    """'none', 'minimum', or a size ('256KiB', '1MiB', a number of bytes) in bytes."""
    if value in ("none", "minimum"):
        return str(value)
    match = re.fullmatch(r"([1-9]\d*) *(B|KiB|MiB)?", str(value))
    if not match:
        raise ValueError("allowed: none, minimum, or a size such as 256KiB, 1MiB or 262144 (bytes)")
    return int(match[1]) * {"B": 1, "KiB": 1024, "MiB": 1024**2}[match[2] or "B"]


def as_list(value: Any) -> Any:
    """A single word stands for a list of one."""
    return [value] if isinstance(value, str) else value


def check_name(value: str) -> str:
    """Words for folders below build/, with slashes between (the benchmarks' configs); simulators take paths without
    quoting, so nothing else is allowed."""
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)*", value, re.ASCII):
        raise ValueError(
            "the file's name, or the key 'name' in it, becomes a folder below build/: letters a to z, digits, '_', "
            "'-' and '.' are allowed, the first a letter, digit or '_'"
        )
    return value


def check_target(value: str) -> str:
    if value not in TARGETS:
        raise ValueError(f"unknown target{nearest(value, TARGETS)}. There are: {', '.join(TARGETS)}")
    return value


BackendName = Literal["helium", "cmsis-nn", "tvm", "fastest"]
Arena = Annotated[Union[Literal["none", "minimum"], int], PlainValidator(parse_arena)]


class Quantise(Section):
    """precision fp32 and fp16 pass through. method auto tries single steps from this recipe on, and
    keeps those that held-out calibration images call better."""

    precision: Literal["int8", "fp32", "fp16"] = "int8"
    method: Literal["ptq", "qat", "auto"] = "ptq"
    algorithm: Literal["abs_max", "avg", "hist", "KL", "mse", "emd", "snr"] = "mse"
    range_search: bool = True  # move each threshold to where the logits suffer least
    equalisation: bool = True  # a grid a channel for what depthwise convolutions read
    int16: bool = True  # for the logits, and for the few tensors that int8 is too coarse for
    bias_correction: bool = False
    rounding: Literal["nearest", "adaround"] | None = None  # of the weights; None: adaround, with QAT nearest
    symmetric: bool = False  # True: activations with zero point 0, for comparison only
    epochs: Annotated[int, Field(ge=0)] = 4  # QAT only
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3  # QAT only
    distillation: Fraction = 0  # QAT only: what the float network's answers count for, beside the labels
    freeze_batch_norm_after: Fraction = 0.5  # QAT only: share of the epochs after which statistics are frozen
    keep_float: tuple[str, ...] = ()
    max_accuracy_drop: Fraction | None = None

    @model_validator(mode="after")
    def _fits_the_method(self) -> Quantise:
        if self.method == "qat" and (self.bias_correction or self.rounding == "adaround"):
            raise ValueError("quantise.bias_correction and quantise.rounding have no effect on method qat: remove them")
        return self


class Memory(Section):
    """arena: none (layer by layer), minimum, or a limit such as 256KiB to reach by streaming rows. regions: memories of
    the target (DTCM, SRAM, ...) for `arena`, `hot` constants and `weights`; what is not given is placed by the planner,
    the fastest memory first."""

    arena: Arena = "none"
    consume_input: bool = True  # false: the preprocessed image, where it stands whole, stays intact to the end
    regions: dict[Literal["arena", "hot", "weights"], str] = Field(default_factory=dict)


class Compile(Section):
    """kernels: backends in order of preference, or `fastest`: the cheapest of all for each layer."""

    target: Annotated[str, AfterValidator(check_target)] = "corstone300"
    kernels: Annotated[tuple[BackendName, ...], BeforeValidator(as_list)] = ("helium", "tvm")
    memory: Memory = Memory()


class Config(Section):
    name: Annotated[str, AfterValidator(check_name)]
    model: Model
    data: Data = Data()
    train: Train = Train()
    quantise: Quantise = Quantise()
    compile: Compile = Compile()
    _file: Path | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _task_and_fine_tuning(cls, values: Any) -> Any:
        """What a task stands for comes first: whether weights are tuned hangs on it."""
        return cls._trained_weights_are_tuned(cls._with_task(values))

    @classmethod
    def _with_task(cls, values: Any) -> Any:
        """What model.task stands for, where the config does not say otherwise; what is wrong is told later."""
        sections = [values.get(section, {}) for section in ("model", "data", "train")]
        if not all(isinstance(section, dict) for section in sections) or sections[0].get("task") not in TASKS:
            return values
        defaults = task_defaults(sections[0]["task"], deployed_as_is=not sections[2].get("epochs"))
        return {**values, **{name: given | values.get(name, {}) for name, given in defaults.items()}}

    @classmethod
    def _trained_weights_are_tuned(cls, values: Any) -> Any:
        """Another set of defaults for what trains on from weights; what is wrong in `values` is told later."""
        model, train = values.get("model"), values.get("train", {})
        if not isinstance(model, dict) or not isinstance(train, dict):
            return values
        if model.get("program") is not None:
            return {**values, "train": {"epochs": 0} | train}
        if model.get("weights", SCRATCH) in UNTRAINED:
            return values
        return {**values, "train": FINE_TUNING | train}

    @property
    def argument(self) -> str:
        """What --config takes for this config: the name of a file directly under configs/, the path of another."""
        if self._file is None:
            return self.name
        is_named = self._file.suffix == ".yaml" and self._file.parent.resolve() == CONFIG_FOLDER.resolve()
        return shlex.quote(self._file.stem if is_named else str(self._file))

    @model_validator(mode="after")
    def _box_fits(self) -> Config:
        size, box = self.input.size, self.input.box
        if self.data.fit == "pad" and box != size:
            raise ValueError("data.resize: data.fit pad resizes to model.image_size itself: leave it out")
        if box[0] < size[0] or box[1] < size[1]:
            raise ValueError(f"data.resize {self.data.resize} is smaller than model.image_size, which is cut out of it")
        return self

    @model_validator(mode="after")
    def _teacher_sees_colours(self) -> Config:
        if self.train.teacher and self.data.colour == "grey":
            raise ValueError("train.teacher takes three channels, data.colour grey has one: leave one of them out")
        return self

    @model_validator(mode="after")
    def _program_is_not_trained(self) -> Config:
        if self.model.program is not None and self.train.epochs:
            raise ValueError(
                f"train.epochs {self.train.epochs}: a program is deployed as it is, so leave train.epochs out; "
                f"quantise.method qat trains it on the integer grid"
            )
        return self

    @property
    def crops_whole_photos(self) -> bool:
        """Whether training images are cut out of the whole photo, not of its central square: what makes a digit, a sign
        or a page what it is fills that square, and a crop beside it shows something else."""
        return (self.train.crop_from or ("centre" if self.data.kind == "digits" else "photo")) == "photo"

    @property
    def has_trained_weights(self) -> bool:
        return self.train.epochs > 0 or self.model.program is not None or self.model.weights not in UNTRAINED

    @property
    def has_labelled_images(self) -> bool:
        """Whether the data are what the network is for. The digits are not where trained weights are deployed as they
        are."""
        trained_elsewhere = self.train.epochs == 0 and self.has_trained_weights
        return self.data.kind != "digits" or not trained_elsewhere

    @property
    def needs_training_images(self) -> bool:
        """Fine-tuning and QAT train; int8 is calibrated on training images where there are no others for it."""
        quantises = self.quantise.precision == "int8"
        in_stage_2 = quantises and (self.quantise.method == "qat" or self.data.calibration is None)
        return self.train.epochs > 0 or in_stage_2

    @property
    def input(self) -> ImageInput:
        """What the network takes for an image; the one place that says its size, channels and normalisation."""
        data, size = self.data, both_sides(self.model.image_size)
        return ImageInput(
            size,
            both_sides(data.resize or size),
            fit=data.fit,
            colour=data.colour,
            mean=every_mean(data.mean, data.colour),
            std=every_deviation(data.std, data.colour),
            pad_colour=data.pad_colour,
            pad_place=data.pad_place,
        )


def config_path(name: str) -> Path:
    """configs/NAME.yaml for a bare NAME; a path as it is. UserError when there is no such file."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else CONFIG_FOLDER / f"{name}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in CONFIG_FOLDER.glob("*.yaml"))
        raise UserError(f"{path}: no such config{nearest(Path(name).stem, known)}. There are: {', '.join(known)}")
    return path


class UniqueKeys(yaml.SafeLoader):
    """Of a key that is given twice YAML keeps the last, without a word; here it is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"key '{key.value}' is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(name: str) -> Config:
    """Read a config by name or path. Raises UserError for anything that is wrong in it."""
    path = config_path(name)
    try:
        values = yaml.load(read_text(path), UniqueKeys)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: a config is a mapping of sections ({', '.join(Config.model_fields)})")
    try:
        config = Config.model_validate({"name": path.stem, **values})
    except ValidationError as error:
        raise UserError("\n".join(_explain(path, e) for e in error.errors())) from None
    config._file = path
    return config


def overridden(config: Config, values: Mapping[str, Any]) -> Config:
    """The config with other values, by "section.key". Raises UserError for a value that is not allowed."""
    if not values:
        return config
    everything = config.model_dump()
    for name, value in values.items():
        section, key = name.split(".")
        everything[section][key] = value
    try:
        changed = Config.model_validate(everything)
    except ValidationError as error:
        raise UserError("\n".join(_explain(Path("command line"), e) for e in error.errors())) from None
    changed._file = config._file
    return changed


def _explain(path: Path, error: Any) -> str:
    """One pydantic error as a line: file, key, what is wrong, what is allowed."""
    keys = [str(part) for part in error["loc"] if part != "[key]"]
    name, given = ".".join(keys) or "config", error["input"]
    if error["type"] == "extra_forbidden":
        allowed = list(_section(keys[:-1]).model_fields)
        return f"{path}: unknown key '{name}'{nearest(keys[-1], allowed)}. Allowed: {', '.join(allowed)}"
    if error["type"] == "missing":
        return f"{path}: '{name}' is missing"
    if error["type"] == "model_type":
        return f"{path}: {name}: has to be a section, with the keys {', '.join(_section(keys).model_fields)}"
    if error["type"] == "literal_error":
        words = re.findall("'([^']*)'", error["ctx"]["expected"])
        return f"{path}: {name}: has to be one of {', '.join(words)}{nearest(str(given), words)} (got {given!r})"
    reason = error["msg"].removeprefix("Value error, ").replace("Input should be", "has to be")
    return f"{path}: {name}: {reason}" + ("" if isinstance(given, dict) else f" (got {given!r})")


def _section(keys: list[str]) -> type[Section]:
    """The model class of a nested section, by its keys."""
    section: type[Section] = Config
    for key in keys:
        annotation = section.model_fields[key].annotation
        candidates = [annotation, *get_args(annotation)]
        section = next(c for c in candidates if isinstance(c, type) and issubclass(c, Section))
    return section
