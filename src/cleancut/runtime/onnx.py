"""Models in ONNX Runtime, on the CPU or a CUDA GPU of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cleancut.errors import DeviceUnavailable, InferenceFailed, ModelError
from cleancut.models.spec import ModelSpec
from cleancut.runtime.devices import CPU, CUDA, GPU_REMEDY, Device, candidates, usable_cores
from cleancut.runtime.session import Engine
from cleancut.types import Raw, Tensor

# ONNX Runtime's own scale: 3 = errors. Warnings about graph clean-ups say nothing to a user.
_ERRORS_ONLY = 3


class OnnxSession:
    """One model in one ONNX Runtime session; only the wanted output is handed over.

    The other outputs are computed all the same: ``only_execute_path_to_fetches`` has no effect in released builds
    (microsoft/onnxruntime, issue 16013).
    """

    def __init__(self, path: Path, spec: ModelSpec, device: Device, threads: int) -> None:
        import onnxruntime

        if device.provider == CUDA and hasattr(onnxruntime, "preload_dlls"):
            # Finds the CUDA and cuDNN libraries that come as wheels, which the loader does not look for by itself.
            onnxruntime.preload_dlls()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = threads
        # The CPU arena keeps its peak for ever and doubles it here (2.2 GB against 1.2 GB for IS-Net), at the same
        # speed. A GPU's own allocator is not touched by this.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        providers = [(device.provider, dict(device.options))]
        if device.provider != CPU:
            providers.append((CPU, {}))  # for the few operators that the GPU's provider leaves out
        self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=providers)
        self._input = self._session.get_inputs()[0].name
        outputs = self._session.get_outputs()
        if spec.output_index >= len(outputs):
            raise ModelError(
                f"{spec.name} has {len(outputs)} outputs, and output {spec.output_index} was asked for",
                hint="correct output_index in the model's entry",
            )
        self._output = outputs[spec.output_index].name
        self._run_options = onnxruntime.RunOptions()
        self._run_options.log_severity_level = _ERRORS_ONLY
        self._name = spec.name

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


def open_engine(path: Path, spec: ModelSpec, wanted: str, precision: str, threads: int | None = None) -> Engine:
    """Load a model on the device that is asked for, or for ``auto`` on the best one that works.

    Raises DeviceUnavailable when a named device cannot be used, ModelError when the file is no usable model.
    """
    import onnxruntime

    notes: list[str] = []
    reason = ""
    for device in candidates(wanted, onnxruntime.get_available_providers()):
        try:
            session = OnnxSession(path, spec, device, usable_cores() if threads is None else threads)
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


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _remedy(error: BaseException) -> str:
    text = str(error).lower()
    if "memory" in text or "alloc" in text:
        return "free some memory, or use a smaller model such as u2netp"
    return "check the weights by `cleancut models verify`, or use another model"
