"""Configs: defaults, checks, and errors that say what to write instead."""

import shlex
from pathlib import Path

import pytest
from pydantic import ValidationError

from paddle_cortexm.artefacts.quantisation import Recipe
from paddle_cortexm.config import Config, Quantise, load, overridden
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import CONFIG_FOLDER, REPOSITORY
from paddle_cortexm.settings.image_input import IMAGENET_MEAN
from paddle_cortexm.settings.training import FINE_TUNING, Train

MINIMAL = "model:\n  backbone: PPLCNet_x0_25\n"


@pytest.fixture(autouse=True)
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configs/ folder in a repository of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / CONFIG_FOLDER).mkdir()
    return tmp_path / CONFIG_FOLDER


def loaded(text: str) -> Config:
    (CONFIG_FOLDER / "small.yaml").write_text(text)
    return load("small")


def refusal(text: str) -> str:
    with pytest.raises(UserError) as error:
        loaded(text)
    return str(error.value)


@pytest.mark.parametrize("path", sorted((REPOSITORY / CONFIG_FOLDER).glob("*.yaml")), ids=lambda path: path.stem)
def test_every_config_of_the_repository_is_valid(path: Path) -> None:
    assert load(str(path)).name == path.stem


def test_a_backbone_is_enough() -> None:
    config = loaded(MINIMAL)
    assert (config.name, config.data.kind, config.quantise.precision) == ("small", "digits", "int8")
    assert config.input.mean == IMAGENET_MEAN and config.compile.kernels == ("helium", "tvm")


def test_a_name_and_a_path_read_the_same_config() -> None:
    assert loaded(MINIMAL) == load("configs/small.yaml")


@pytest.mark.parametrize(
    ("file", "argument"),
    [
        ("configs/small.yaml", "small"),
        ("configs/mine/small.yaml", "configs/mine/small.yaml"),
        ("small.yml", "small.yml"),
        ("my configs/small.yaml", "'my configs/small.yaml'"),
    ],
)
def test_the_commands_that_are_printed_name_the_config_so_that_it_is_found(file: str, argument: str) -> None:
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text(MINIMAL + "name: other\n")
    config = load(file)
    assert config.name == "other" and config.argument == argument
    assert overridden(config, {"compile.kernels": ["tvm"]}).argument == argument
    assert load(*shlex.split(config.argument)) == config


def test_images_are_resized_to_the_crop_unless_told_otherwise() -> None:
    assert loaded(MINIMAL + "  image_size: 64\n").input.box == (64, 64)
    assert loaded(MINIMAL + "  image_size: 64\ndata:\n  resize: 80\n").input.box == (80, 80)
    assert loaded(MINIMAL + "  image_size: [48, 192]\ndata:\n  fit: pad\n").input.box == (48, 192)
    assert loaded(MINIMAL + "  image_size: [48, 192]\ndata:\n  resize: [50, 200]\n").input.box == (50, 200)


def test_a_config_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        loaded(MINIMAL).name = "other"


@pytest.mark.parametrize(
    ("section", "key", "meant"),
    [("train", "epoch", "epochs"), ("quantise", "algoritm", "algorithm"), ("compile", "kernel", "kernels")],
)
def test_a_typo_names_file_key_and_nearest_key(section: str, key: str, meant: str) -> None:
    message = refusal(f"{MINIMAL}{section}:\n  {key}: 3\n")
    assert "configs/small.yaml" in message and f"'{section}.{key}'" in message
    assert f"did you mean '{meant}'?" in message


def test_a_typo_in_a_section_lists_the_sections() -> None:
    message = refusal(MINIMAL + "quantize:\n  precision: int8\n")
    assert "did you mean 'quantise'?" in message and "model, data, train, quantise, compile" in message


def test_a_typo_in_a_nested_section_lists_that_section_s_keys() -> None:
    message = refusal(MINIMAL + "compile:\n  memory:\n    arenas: minimum\n")
    assert "'compile.memory.arenas'" in message and "Allowed: arena, consume_input, regions" in message


def test_all_mistakes_are_told_at_once() -> None:
    message = refusal(MINIMAL + "train:\n  epoch: 3\n  seed: many\n")
    assert "train.epoch" in message and "train.seed" in message


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("train", "epochs", "-1"),
        ("train", "label_smoothing", "1.5"),
        ("train", "learning_rate", "0"),
        ("train", "learning_rate", ".nan"),
        ("train", "weight_decay", ".inf"),
        ("train", "seed", "-1"),
        ("train", "crop_scale", "[0, 1]"),
        ("train", "crop_scale", "[1, 0.5]"),
        ("train", "random_erasing", "2"),
        ("train", "mixup", "-0.2"),
        ("train", "ema", "1"),
        ("train", "early_stopping", "0"),
        ("train", "backbone_rate", "0"),
        ("train", "class_weights", "unbalanced"),
        ("train", "class_weights", "[1, 0]"),
        ("compile", "target", "corstone301"),
        ("train", "flip", "sideways"),
        ("quantise", "precision", "int4"),
        ("quantise", "algorithm", "best"),
        ("compile", "kernels", "[helium, neon]"),
        ("data", "calibration_images", "0"),
    ],
)
def test_a_value_out_of_range_names_the_key_and_the_value(section: str, key: str, value: str) -> None:
    message = refusal(f"{MINIMAL}{section}:\n  {key}: {value}\n")
    assert f"configs/small.yaml: {section}.{key}" in message and "got" in message


@pytest.mark.parametrize("size", [0, 7, 1025, "[48, 7]", "[48, 64, 3]", "48.5", "true"])
def test_an_image_size_the_networks_or_the_device_cannot_take_is_refused(size: object) -> None:
    assert "model.image_size: has to be" in refusal(f"{MINIMAL}  image_size: {size}\n")


def test_an_input_need_not_be_square_nor_have_three_channels() -> None:
    text = MINIMAL + "  image_size: [48, 192]\ndata: {colour: grey, mean: 0.5}\n"
    assert loaded(text).input.shape == (48, 192, 1)
    assert loaded(text).model_dump(mode="json")["model"]["image_size"] == [48, 192]
    assert loaded(text).input.mean == (0.5,) and len(loaded(text).input.std) == 1


def test_without_a_mean_imagenet_s_is_taken_in_the_order_of_the_channels() -> None:
    assert loaded(MINIMAL + "data: {colour: bgr}\n").input.mean == IMAGENET_MEAN[::-1]


def test_padding_resizes_to_the_input_itself() -> None:
    assert "leave it out" in refusal(MINIMAL + "data: {fit: pad, resize: 128}\n")


def test_a_crop_larger_than_the_resized_image_is_refused() -> None:
    assert "data.resize 64 is smaller than model.image_size" in refusal(f"{MINIMAL}data:\n  resize: 64\n")


@pytest.mark.parametrize("name", ["a,b", "a b", "../a", "a/../../b", "/tmp/a", "a/", ".hidden", "-x", "\u7167", "''"])
def test_a_name_that_is_no_plain_folder_below_build_is_refused(name: str) -> None:
    assert "name: the file's name, or the key 'name'" in refusal(f"name: {name}\n{MINIMAL}")


def test_a_file_whose_name_is_no_plain_folder_is_refused_unless_it_names_itself() -> None:
    path = CONFIG_FOLDER / "my,model.yaml"
    path.write_text(MINIMAL)
    with pytest.raises(UserError, match=r"my,model\.yaml: name: .*allowed.*\(got 'my,model'\)"):
        load(str(path))
    path.write_text(f"name: bench/source/my_model-2.0\n{MINIMAL}")
    assert load(str(path)).name == "bench/source/my_model-2.0"


def test_a_key_that_is_given_twice_is_refused_with_its_place() -> None:
    message = refusal(f"{MINIMAL}train:\n  epochs: 2\n  seed: 1\n  epochs: 3\n")
    assert "key 'epochs' is given twice" in message and "line 6" in message


def test_a_word_close_to_an_allowed_one_is_hinted_at() -> None:
    assert "did you mean 'abs_max'?" in refusal(f"{MINIMAL}quantise:\n  algorithm: absmax\n")
    assert "did you mean 'corstone310'?" in refusal(f"{MINIMAL}compile:\n  target: corston310\n")
    assert "did you mean 'weights'?" in refusal(f"{MINIMAL}compile:\n  memory: {{regions: {{weight: DDR}}}}\n")


def test_messages_are_the_project_s_own_words() -> None:
    for text in ("train: 7\n", "data: {kind: list}\n", "quantise: {method: qat, bias_correction: true}\n"):
        message = refusal(MINIMAL + text)
        assert "Value error" not in message and "instance of" not in message and "got {" not in message


def test_weights_are_rounded_by_adaround_but_in_qat() -> None:
    assert Recipe.of(Quantise()).adaround
    assert not Recipe.of(Quantise(rounding="nearest")).adaround
    trained = Quantise(method="qat")
    assert not Recipe.of(trained).adaround
    assert Quantise.model_validate_json(trained.model_dump_json()) == trained
    assert "no effect on method qat" in refusal(MINIMAL + "quantise: {method: qat, rounding: adaround}\n")


def test_a_deviation_of_zero_is_refused() -> None:
    assert "data.std.1" in refusal(f"{MINIMAL}data:\n  std: [0.2, 0, 0.2]\n")


def test_mean_and_deviation_are_given_for_each_channel_or_once_for_all() -> None:
    assert "data.mean: 2 values" in refusal(MINIMAL + "data:\n  mean: [0.5, 0.5]\n")
    assert "data.std: 3 values" in refusal(MINIMAL + "data: {colour: grey, std: [0.2, 0.2, 0.2]}\n")
    assert loaded(MINIMAL + "data:\n  std: 0.5\n").input.std == (0.5, 0.5, 0.5)


def test_an_unknown_word_is_answered_with_the_allowed_ones() -> None:
    message = refusal(MINIMAL + "quantise:\n  precision: int4\n")
    assert all(word in message for word in ("int8", "fp32", "fp16", "int4"))


def test_the_backbone_is_required() -> None:
    assert "'model.backbone' is missing" in refusal("model:\n  image_size: 96\n")


@pytest.mark.parametrize("kind", ["folder", "list"])
def test_photos_need_a_path(kind: str) -> None:
    assert "data.path" in refusal(f"{MINIMAL}data:\n  kind: {kind}\n")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("none", "none"), ("minimum", "minimum"), ("256KiB", 262144), ("1 MiB", 1048576), ("4096", 4096), ("64B", 64)],
)
def test_an_arena_is_a_word_or_a_size(written: str, meant: str | int) -> None:
    assert loaded(f"{MINIMAL}compile:\n  memory:\n    arena: {written}\n").compile.memory.arena == meant


@pytest.mark.parametrize("written", ["256KB", "-1", "0", "lots", "1.5MiB"])
def test_another_arena_is_refused(written: str) -> None:
    message = refusal(f"{MINIMAL}compile:\n  memory:\n    arena: {written}\n")
    assert "configs/small.yaml: compile.memory.arena: " in message and "such as 256KiB" in message


def test_one_kernel_source_may_stand_without_brackets() -> None:
    assert loaded(MINIMAL + "compile:\n  kernels: fastest\n").compile.kernels == ("fastest",)


def test_an_unknown_config_lists_the_known_ones() -> None:
    loaded(MINIMAL)
    with pytest.raises(UserError, match=r"configs/smal\.yaml: no such config \(did you mean 'small'\?\)"):
        load("smal")


@pytest.mark.parametrize("text", ["", "- model\n", "PPLCNet\n", "model: [\n"])
def test_a_file_that_is_no_mapping_is_refused_with_its_name(text: str) -> None:
    assert refusal(text).startswith("configs/small.yaml: ")


def test_a_config_may_begin_with_a_byte_order_mark() -> None:
    assert loaded("\ufeff" + MINIMAL) == loaded(MINIMAL)


def test_a_config_in_another_encoding_is_refused_with_the_line() -> None:
    (CONFIG_FOLDER / "small.yaml").write_bytes(f"{MINIMAL}  labels: Blüten.txt\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"^configs/small\.yaml:3: not UTF-8: byte 0xfc at offset \d+\. .*iconv"):
        load("small")


@pytest.mark.parametrize("section", ["model", "train", "compile"])
def test_a_section_that_is_no_mapping_is_refused_with_its_name(section: str) -> None:
    sections = {"model": "{backbone: PPLCNet_x0_25}"} | {section: "7"}
    message = refusal("".join(f"{name}: {value}\n" for name, value in sections.items()))
    assert message.startswith(f"configs/small.yaml: {section}: ")


def test_an_overridden_value_replaces_the_config_s_and_leaves_the_rest() -> None:
    config = loaded(MINIMAL)
    changed = overridden(config, {"compile.kernels": ["cmsis-nn", "tvm"]})
    assert changed.compile.kernels == ("cmsis-nn", "tvm") and changed.compile.target == config.compile.target


def test_an_overridden_value_is_checked_as_the_config_s_are() -> None:
    with pytest.raises(UserError, match=r"compile\.kernels.*'cmsis'"):
        overridden(loaded(MINIMAL), {"compile.kernels": ["cmsis"]})


def test_class_weights_are_a_word_or_a_number_a_class() -> None:
    assert loaded(MINIMAL + "train:\n  class_weights: balanced\n").train.class_weights == "balanced"
    assert loaded(MINIMAL + "train:\n  class_weights: [1, 2.5]\n").train.class_weights == (1, 2.5)


@pytest.mark.parametrize("weights", ["scratch", "random"])
def test_a_teacher_has_to_be_trained(weights: str) -> None:
    message = refusal(MINIMAL + f"train:\n  teacher: {{backbone: ResNet50, weights: {weights}}}\n")
    assert "train.teacher.weights" in message and "a teacher has to be trained" in message


def test_a_typo_in_a_teacher_lists_its_keys() -> None:
    message = refusal(MINIMAL + "train:\n  teacher: {backbone: ResNet50, weight: pretrained}\n")
    assert "'train.teacher.weight'" in message and "Allowed: backbone, weights, temperature, share" in message


def test_trained_weights_are_fine_tuned_unless_told_otherwise() -> None:
    tuned = loaded(MINIMAL + "  weights: pretrained\ntrain:\n  frozen_epochs: 1\n").train
    assert tuned == Train(**FINE_TUNING | {"frozen_epochs": 1})
    for weights in ("scratch", "random"):
        assert loaded(MINIMAL + f"  weights: {weights}\n").train == Train()


def test_a_config_that_was_written_out_reads_the_same() -> None:
    config = loaded(MINIMAL + "  weights: pretrained\ntrain:\n  learning_rate: 0.05\n")
    again = Config.model_validate_json(config.model_dump_json())
    assert again.model_dump() == config.model_dump()
