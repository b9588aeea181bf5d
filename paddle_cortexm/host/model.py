"""The generated C, built for the host and called from Python: the reference the target must equal bit for bit."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.dependencies import code_digest, sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.cmsis_nn import find_library
from paddle_cortexm.host.cmsis_nn_build import build_for_host
from paddle_cortexm.host.compiler import float16_flags, host_compiler
from paddle_cortexm.host.vectors import vector_flags
from paddle_cortexm.paths import HOST_CODE, HOST_HEADERS, HOST_SOURCES, REPOSITORY

# No fused multiply-add: float layers then round as written, whatever the host.
HOST_FLAGS = ("-O3", "-std=c11", "-shared", "-fPIC", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
# model_weights.c holds the digest of the model_weights.bin that it includes.
GENERATED_SOURCES = ("model.c", "model_weights.c", "preprocessing_table.c")


class HostModel:
    """A compiled model (a finished stage 3 folder) as a function of images.

    The arena is static, as on the target, but each HostModel has a copy of the library and so an arena of its own: one
    run at a time in each. Different threads may run different ones at the same time.
    """

    def __init__(self, folder: Path, *, reference: bool = False) -> None:
        """Build the shared library, unless the one beside the sources is current. Raises UserError without a C
        compiler.

        reference: in plain portable C, which defines the bits. Otherwise with vector code for this CPU, where there is
        some (app/host/vector): the same bits.
        """
        self.facts = Model.read(folder)
        self.output_dtype = np.dtype(self.facts.output_tensor.dtype)
        self.input_dtype = np.dtype(self.facts.input_tensor.dtype)
        self._library = own_copy(build_library(folder, self.facts, () if reference else vector_flags()))
        self._hook: object = None  # keeps the ctypes callback alive

    def run(self, image: NDArray[np.uint8]) -> NDArray[np.generic]:
        """The logits for a raw RGB image (height, width, 3), preprocessed as on the target."""
        height, width, _ = image.shape
        pixels = np.ascontiguousarray(image)
        output = np.empty(self.facts.output_tensor.shape, self.output_dtype)
        status = self._library.host_run_frame(_address(pixels), width, height, _address(output))
        return self._checked(output, status)

    def run_input(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """The logits for a preprocessed image of the model's input shape and type."""
        source = np.ascontiguousarray(values, self.input_dtype)
        output = np.empty(self.facts.output_tensor.shape, self.output_dtype)
        return self._checked(output, self._library.host_run_input(_address(source), _address(output)))

    def on_layer(self, hook: Callable[[int], None] | None) -> None:
        """Call hook(layer number) after each layer; None stops it.

        Raises UserError for a model with streamed layers: their tensors are never whole.
        """
        streamed = self.facts.streamed_tensors
        if hook and streamed:
            raise UserError(
                f"{len(streamed)} tensors are streamed ({self.facts.tensor_title(streamed[0])} is the first) and never "
                f"exist whole. For reports by layer, compile with compile.memory.arena: none (the bits are the same)."
            )
        callback = ctypes.CFUNCTYPE(None, ctypes.c_int)
        self._hook = callback(hook) if hook else callback()
        self._library.host_set_layer_hook(self._hook)

    def tensor(self, name: str) -> NDArray[np.generic]:
        """A copy of a tensor from the arena; valid between the layer that makes it and the last that reads it.

        Raises UserError for a tensor that is streamed: it never exists whole.
        """
        tensor = self.facts.tensors[name]
        if tensor.rolling_rows is not None:
            raise UserError(
                f"{self.facts.tensor_title(name)} is streamed: only {tensor.rolling_rows} of its {tensor.shape[1]} "
                f"rows exist at a time. To look at whole tensors, compile with compile.memory.arena: none (the bits "
                f"are the same)."
            )
        assert tensor.offset is not None  # every whole tensor has a place
        arena = (ctypes.c_uint8 * self.facts.memory.arena_bytes).in_dll(self._library, "model_arena")
        values = np.frombuffer(memoryview(arena), np.dtype(tensor.dtype), tensor.elements, tensor.offset)
        return values.reshape(tensor.shape).copy()

    def _checked(self, output: NDArray[np.generic], status: int) -> NDArray[np.generic]:
        if status:
            raise RuntimeError(f"layer '{self.facts.titles[status - 1]}' of the host model failed")  # counted from 1
        return output


def build_library(folder: Path, model: Model, more_flags: tuple[str, ...] = ()) -> Path:
    """Compile a stage 3 folder's C for the host, once: build/NAME/.host/DIGEST.so, named by all that goes into it, the
    kind of machine too: a build folder may be copied to another one."""
    own = [folder / name for name in GENERATED_SOURCES]
    shared = [*model.sources, *HOST_SOURCES]
    external = cmsis_nn_options() if model.uses_cmsis_nn else []
    float16 = any(tensor.dtype == "float16" for tensor in model.tensors.values())
    flags = (*HOST_FLAGS, *more_flags, *(float16_flags() if float16 else ()))
    digests = *map(sha256, [*own, folder / "model.h"]), code_digest([*shared, *HOST_CODE])
    recipe = [platform.machine(), *flags, *external, *digests]
    cache = folder.parent / ".host"
    library = cache / f"{hashlib.sha256(' '.join(recipe).encode()).hexdigest()[:16]}.so"
    if library.is_file():
        return library
    cache.mkdir(exist_ok=True)
    partial = library.with_suffix(f".{os.getpid()}.partial")
    includes = [f"-I{path}" for path in (folder, *(REPOSITORY / header for header in HOST_HEADERS))]
    sources = [*map(str, own), *(str(REPOSITORY / path) for path in shared)]
    command = [host_compiler(float16=float16), *flags, *includes, *sources, *external, "-lm", "-o", str(partial)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"the generated C does not compile for the host:\n{done.stderr[:4000]}")
        partial.rename(library)
    finally:
        partial.unlink(missing_ok=True)  # of a build that failed or was interrupted
    return library


def own_copy(library: Path) -> ctypes.CDLL:
    """Load a library from a file of its own: the loader takes each file once, with one set of static data."""
    with tempfile.NamedTemporaryFile(dir=library.parent, suffix=".so") as copy:
        shutil.copyfile(library, copy.name)
        return ctypes.CDLL(copy.name)


def cmsis_nn_options() -> list[str]:
    """What the compiler needs besides, where a layer is computed by CMSIS-NN. Raises UserError without the library."""
    library = build_for_host(find_library(), host_compiler())
    return ["-isystem", str(library.include), str(library.archive)]


def _address(array: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
