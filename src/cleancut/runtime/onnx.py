"""Models in ONNX Runtime, on the CPU or a CUDA GPU of this machine."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from cleancut.errors import DeviceUnavailable, InferenceFailed, ModelError
from cleancut.models.spec import ModelSpec
from cleancut.runtime.devices import CPU, CUDA, GPU_REMEDY, Device, candidates, usable_cores
from cleancut.runtime.graph import count_outputs, with_one_output
from cleancut.runtime.prepared import graph_in, preparing
from cleancut.runtime.session import Engine
from cleancut.types import Raw, Tensor

# ONNX Runtime's own scale: 3 = errors. Warnings about graph clean-ups say nothing to a user.
_ERRORS_ONLY = 3


class OnnxSession:
    """One model in one ONNX Runtime session; only the wanted output is computed."""

    def __init__(self, path: Path, spec: ModelSpec, device: Device, threads: int, prepared: Path | None) -> None:
        import onnxruntime

        if device.provider == CUDA and hasattr(onnxruntime, "preload_dlls"):
            # Finds the CUDA and cuDNN libraries that come as wheels, which the loader does not look for by itself.
            onnxruntime.preload_dlls()
        # Only the CPU's own optimisation is worth keeping: a GPU's is done when its memory is filled.
        self._session: Any = _open(path, spec, device, threads, prepared if device.provider == CPU else None)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        self._run_options = onnxruntime.RunOptions()
        self._run_options.log_severity_level = _ERRORS_ONLY
        self._name = spec.name
        # Two runs at a time would share the cores and double the memory; each takes longer than both in turn.
        self._turn = threading.Lock()

    @property
    def provider(self) -> str:
        """The execution provider that is really in use."""
        return str(self._session.get_providers()[0])

    def run(self, tensor: Tensor) -> Raw:
        """The model's answer to one picture, (s, s). Raises InferenceFailed."""
        session = self._session
        if session is None:
            raise InferenceFailed(f"{self._name} has been unloaded", hint="load the model again")
        try:
            with self._turn:
                (output,) = session.run([self._output], {self._input: tensor}, self._run_options)
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base but Exception
            raise InferenceFailed(f"{self._name} failed: {_first_line(error)}", hint=_remedy(error)) from error
        if output.ndim < 2 or output.size != output.shape[-2] * output.shape[-1]:
            raise InferenceFailed(
                f"{self._name} answered an array of shape {output.shape}, and one mask is needed",
                hint="correct output_index in the model's entry, or use another model",
            )
        answer: Raw = output.reshape(output.shape[-2:])
        return answer

    def close(self) -> None:
        """Free the model's memory."""
        self._session = None


def open_engine(
    path: Path,
    spec: ModelSpec,
    wanted: str,
    precision: str,
    *,
    threads: int | None = None,
    prepared: Path | None = None,
) -> Engine:
    """Load a model on the device that is asked for, or for ``auto`` on the best one that works.

    ``prepared``: the folder in which the optimised model is kept, so that it opens faster the next time.
    Raises DeviceUnavailable when a named device cannot be used, ModelError when the file is no usable model.
    """
    import onnxruntime

    notes: list[str] = []
    reason = ""
    for device in candidates(wanted, onnxruntime.get_available_providers()):
        try:
            session = OnnxSession(path, spec, device, usable_cores() if threads is None else threads, prepared)
        except ModelError:
            raise
        except Exception as error:
            if device.provider == CPU:
                raise ModelError(
                    f"{spec.name} cannot be loaded from {path}: {_first_line(error)}",
                    hint=f"check the file by `cleancut models verify {spec.name}`",
                ) from error
            reason = _first_line(error)
        else:
            if session.provider == device.provider:
                return Engine(spec, session, device.name, session.provider, precision, tuple(notes))
            # ONNX Runtime falls back to the CPU by itself, and says so only in a log.
            reason = "its libraries (CUDA, cuDNN) could not be loaded"
            session.close()
        if wanted != "auto":
            raise DeviceUnavailable(f"{wanted} cannot be used: {reason}", hint=GPU_REMEDY)
        notes.append(f"{device.name} cannot be used ({reason}); running on the CPU")
    raise DeviceUnavailable(f"{wanted} cannot be used: {reason}", hint=GPU_REMEDY)


def _open(path: Path, spec: ModelSpec, device: Device, threads: int, prepared: Path | None) -> Any:
    """An ONNX Runtime session: of the prepared model where there is one, else of the file, which is then prepared."""
    if prepared is not None and (graph := graph_in(prepared)) is not None:
        try:
            return _session(str(graph), _options(threads, optimise=False), device)
        except Exception:  # a file that was cut off, or a version that reads it otherwise: it can be made again
            shutil.rmtree(prepared, ignore_errors=True)
    model = _model(path, spec)
    if prepared is not None:
        options = _options(threads)
        # A model that cannot be written (no space, read-only, an operator of its own) is used as it is.
        with suppress(Exception), preparing(prepared, options):
            return _session(model, options, device)
    return _session(model, _options(threads), device)


def _options(threads: int, optimise: bool = True) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads
    # The arena keeps its peak until the model is unloaded. All inputs of a model have one size, so that the peak is
    # that of one run, and a second run finds its memory there: it takes a fifth less time. What doubled the peak
    # (IS-Net: 2.2 GB) is the memory pattern, which is laid out beside the arena's own blocks.
    options.enable_cpu_mem_arena = True
    options.enable_mem_pattern = False
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def _session(model: str | bytes, options: Any, device: Device) -> Any:
    import onnxruntime

    providers = [(device.provider, dict(device.options))]
    if device.provider != CPU:
        providers.append((CPU, {}))  # for the few operators that the GPU's provider leaves out
    session = onnxruntime.InferenceSession(model, options, providers=providers)
    # Else the session would keep the file's bytes, for opening itself anew on another device behind our back.
    session.disable_fallback()
    session._model_bytes = None
    return session


def _model(path: Path, spec: ModelSpec) -> str | bytes:
    """What ONNX Runtime is given: the file, or its bytes with one output where it declares several."""
    model = memoryview(path.read_bytes())
    count = count_outputs(model)
    if spec.output_index >= count:
        raise ModelError(
            f"{spec.name} has {count} outputs, and output {spec.output_index} was asked for",
            hint="correct output_index in the model's entry",
        )
    return str(path) if count == 1 else with_one_output(model, spec.output_index)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _remedy(error: BaseException) -> str:
    text = str(error).lower()
    if "memory" in text or "alloc" in text:
        return "free some memory, or use a smaller model such as u2netp"
    return "check the weights by `cleancut models verify`, or use another model"
