"""Stage 5: run the program on a simulator and compare every output with the host's.

Without --image or --images the frame linked into the program is classified. Called by 05_run_fvp.sh.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm import cli, config, stage
from paddle_cortexm.artefacts.deployed import Expected
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.boards import target_named
from paddle_cortexm.config import Config
from paddle_cortexm.cores import cores
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.progress import Progress
from paddle_cortexm.simulator import frames, run_report, simulators, transcript
from paddle_cortexm.simulator.process import SimulatorRun
from paddle_cortexm.simulator.run_report import FrameVerdict
from paddle_cortexm.simulator.simulators import Simulator
from paddle_cortexm.simulator.transcript import Transcript
from paddle_cortexm.simulator.verdict import Comparison, compare
from paddle_cortexm.target import Target

BOOT_LIMIT = 240.0  # seconds for boot and the first frame; MobileNetV2 1.0/224 takes about 10 on QEMU
PRINTED_FRAMES = ".frames"  # folder beside the stages' for what a printed command reads
FRAME_LIMIT = 30.0  # seconds more for each further frame
PLAIN_LINES = 10  # of progress, where there is no terminal


class RunError(Exception):
    """The program or the simulator did not come to its end: a FAIL. output: all that it wrote."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True)
class Batch:
    """Images one simulator classifies in one boot; none: the linked-in frame. frame_file: what it reads them from."""

    images: tuple[Path, ...]
    frame_file: Path | None

    @property
    def frames(self) -> int:
        return max(1, len(self.images))


def main() -> int:
    """Parse the command line, run, print the verdict. 0 for PASS, 1 for FAIL."""
    options = _arguments().parse_args()
    settings = config.load(options.config)
    simulator = simulators.find(target_named(settings.compile.target), options.simulator)
    check_frame_buffer(simulator.target, options)
    images, unusable = _images(options)
    elf = stage.input_folder(settings, "04_build_app") / "app.elf"
    folder = stage.stage_folder(settings, "05_run_fvp")
    if options.print_command:
        batch = batches(images, 1, folder.with_name(PRINTED_FRAMES))[0]
        first = "" if options.started_in == Path.cwd() else f"cd {shlex.quote(str(Path.cwd()))} && "
        print(first + shell_command(simulator, elf, batch, options.timeout))
        return 0
    print(f"simulator: {simulator.executable}{f' ({simulator.note})' if simulator.note else ''}")
    if note := frames.note_on_reduced(images):
        print(note)

    def work(partial: Path) -> None:
        try:
            report, text = run_and_judge(partial, settings, simulator, elf, images, options)
        except RunError as error:
            report = run_report.broken_off(settings, simulator, elf.parent, str(error), error.output)
            text = error.output
        (partial / "uart.txt").write_text(text, encoding="utf-8")
        report.model_copy(update={"unusable_images": tuple(unusable)}).write(partial)

    stage.run_stage(settings, "05_run_fvp", work, force=True)
    report = Run.read(folder)
    print(run_report.text(report))
    return 0 if report.verdict == "PASS" else 1


def shell_command(simulator: Simulator, elf: Path, batch: Batch, asked: float | None) -> str:
    """The simulator's command for a shell in the repository. The frame file that it names is written, and stays."""
    if batch.frame_file:
        batch.frame_file.parent.mkdir(parents=True, exist_ok=True)
        frames.write_frame_file(batch.frame_file, batch.images)
    return simulator.shell_command(elf, batch.frame_file, time_limit(batch, asked))


def run_and_judge(
    partial: Path, settings: Config, simulator: Simulator, elf: Path, images: list[Path], options: argparse.Namespace
) -> tuple[Run, str]:
    """Run all batches and compare every frame: run.json and all that the UARTs said."""
    split = batches(images, options.jobs, partial)
    results = run_batches(simulator, elf, split, options.timeout, frame_progress(len(images), quiet=options.quiet))
    verdicts = judge(settings, split, [parsed for _, parsed in results])
    report = run_report.build(settings, simulator, elf.parent, results[0][1], verdicts)
    return report, "".join(text for text, _ in results)


def _arguments() -> argparse.ArgumentParser:
    parser = cli.parser(__doc__ or "")
    frames_from = parser.add_mutually_exclusive_group()
    frames_from.add_argument("--image", type=cli.given_path, help="a JPEG or PNG to classify")
    frames_from.add_argument("--images", type=cli.given_path, help="a folder of images (or of a folder a class)")
    parser.add_argument(
        "--simulator", type=simulator_argument, help="fvp, qemu or an executable; without it an FVP if there is one"
    )
    parser.add_argument("--print-command", action="store_true", help="print the simulator's command and stop")
    parser.add_argument("--timeout", type=float, help="seconds after which a simulator is killed")
    parser.add_argument("--jobs", type=int, default=cores(), help="simulators at a time (--images)")
    return parser


def simulator_argument(text: str) -> str:
    """A kind or a program's name as it is; a path made absolute, for the program runs in the repository."""
    return str(Path(text).absolute()) if os.sep in text else text


def _images(options: argparse.Namespace) -> tuple[list[Path], list[str]]:
    """The images asked for, all of them readable (none means the linked-in frame), and what is said of the others of
    the folder. Raises UserError for values that make no sense and for bad images, before anything runs."""
    if options.jobs < 1:
        raise UserError(f"--jobs {options.jobs}: at least 1 simulator is needed")
    if options.timeout is not None and not 0 < options.timeout < float("inf"):
        raise UserError(f"--timeout {options.timeout:g}: a number of seconds above 0 is needed")
    if options.image:
        frames.read_image(options.image)
        return [options.image], []
    return frames.usable(frames.images_below(options.images), quiet=options.quiet) if options.images else ([], [])


def check_frame_buffer(target: Target, options: argparse.Namespace) -> None:
    """Raise UserError for images on a board without a frame buffer."""
    if target.frames is None and (options.image or options.images):
        raise UserError(
            f"{target.name} has no frame buffer: its program classifies the linked-in frame only. Leave out --image "
            f"and --images."
        )


def batches(images: list[Path], jobs: int, folder: Path) -> list[Batch]:
    """The images in order, in as many runs as there are jobs (and images)."""
    if not images:
        return [Batch((), None)]
    count = min(jobs, len(images))
    bounds = [len(images) * i // count for i in range(count + 1)]
    return [Batch(tuple(images[bounds[i] : bounds[i + 1]]), folder / f"frames_{i}.bin") for i in range(count)]


def time_limit(batch: Batch, asked: float | None) -> float:
    """Seconds: what is asked for, or a limit that grows with the frames."""
    return asked if asked is not None else BOOT_LIMIT + FRAME_LIMIT * (batch.frames - 1)


def frame_progress(images: int, *, quiet: bool) -> Progress:
    """How many frames are done; silent for one and, without a terminal, for few."""
    few = 1 if sys.stderr.isatty() and not quiet else PLAIN_LINES
    return Progress(images, "frames", unit="frame", quiet=quiet, shown=images > few, lines=PLAIN_LINES)


def run_batches(
    simulator: Simulator, elf: Path, split: list[Batch], asked: float | None, progress: Progress
) -> list[tuple[str, Transcript]]:
    """Run every batch in a simulator of its own, all at the same time; the text and its meaning, in order."""
    stop = threading.Event()

    def see(line: str) -> None:
        if line.startswith("frame "):
            progress.step()

    def run_one(batch: Batch) -> tuple[str, Transcript]:
        if batch.frame_file:
            frames.write_frame_file(batch.frame_file, batch.images)
        limit = time_limit(batch, asked)
        done = simulator.run(elf, batch.frame_file, limit, see, stop)
        if batch.frame_file:
            batch.frame_file.unlink()
        return done.text, checked(done, batch, limit, simulator.advice(done.text))

    with ThreadPoolExecutor(len(split)) as pool:
        try:
            results = [future.result() for future in [pool.submit(run_one, batch) for batch in split]]
        except BaseException:  # one went wrong, or the user pressed Ctrl-C: no simulator is left behind
            stop.set()
            raise
    progress.close()
    return results


def checked(done: SimulatorRun, batch: Batch, limit: float, advice: str = "") -> Transcript:
    """The transcript of a run that came to its end. Raises RunError for one that did not, with the advice for a
    program that did not even begin."""
    said = transcript.parse(done.text)
    last_lines = "".join(f"\n  | {line}" for line in done.text.strip().splitlines()[-10:])
    wrote = (f"it wrote:{last_lines}" if last_lines else "it wrote nothing") + ("" if said.counter else advice)
    if said.problems:
        raise RunError("the program stopped:\n" + "\n".join(said.problems), done.text)
    if done.timed_out:
        raise RunError(f"the simulator was killed after {limit:g} s (--timeout); {wrote}", done.text)
    if not said.complete:
        raise RunError(f"the simulator ended with status {done.status} before the program did; {wrote}", done.text)
    if len(said.frames) != batch.frames:
        raise RunError(f"{len(said.frames)} results came back for {batch.frames} frames", done.text)
    return said


def judge(settings: Config, split: list[Batch], parsed: list[Transcript]) -> list[FrameVerdict]:
    """Compare each frame's output with the host's. What the host answers to the linked-in frame is in expected.json;
    photos need the host build."""
    folder = stage.input_folder(settings, "03_compile_tvm")
    host = HostModel(folder) if any(batch.images for batch in split) else None
    linked_in = Expected.read(folder).values(Model.read(folder).output_tensor)
    verdicts = []
    for batch, said in zip(split, parsed):
        for result, image in zip(said.frames, batch.images or [None]):
            wanted = host.run(frames.read_image(image)) if host and image else linked_in
            comparison = compare(result.output, wanted, settings.quantise.precision, ranked=said.above is None)
            if not result.arrived_whole:
                comparison = Comparison(False, float("inf"), "its CRC32 does not match: the UART lost bytes")
            verdicts.append(FrameVerdict(image, result, comparison))
    return verdicts


if __name__ == "__main__":
    cli.run(main)
