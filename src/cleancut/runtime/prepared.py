"""Models as ONNX Runtime leaves them after its own optimisation, kept on disk so that it is done once.

Opening IS-Net so takes a tenth of the time and 200 MB less memory: constants are folded, weights lie in the order that
this processor wants, and they are mapped from the file instead of being copied.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# Names within a folder; the first refers to the second.
_GRAPH, _WEIGHTS = "model.onnx", "model.bin"

# Two, for two installations that share a home and update one after the other; older ones are only in the way.
_KEPT = 2


def place(cache: Path, name: str, identity: str) -> Path:
    """The folder of a prepared model. ``identity`` tells its weights and the output that is asked for.

    What ONNX Runtime writes holds for one version of it and one kind of processor.
    """
    told = f"{identity}\n{here()}"
    return cache / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def here() -> str:
    """The version of ONNX Runtime and the kind of processor: what its optimisations, and measured speeds, hold for."""
    import onnxruntime

    return "\n".join([onnxruntime.__version__, platform.system(), platform.machine(), _processor()])


def graph_in(folder: Path) -> Path | None:
    """The file to open, if that model has been prepared."""
    graph = folder / _GRAPH
    return graph if graph.is_file() else None


@contextmanager
def preparing(folder: Path, options: Any) -> Iterator[None]:
    """Have the session that is opened in this block written to ``folder``: ``options`` are its SessionOptions.

    The folder appears whole or not at all. Raises OSError where nothing can be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        options.optimized_model_filepath = str(work / _GRAPH)
        entry = "session.optimized_model_external_initializers_"
        options.add_session_config_entry(f"{entry}file_name", _WEIGHTS)
        # Smaller ones are cheaper to read with the graph than to map: a page is 4 kB.
        options.add_session_config_entry(f"{entry}min_size_in_bytes", "4096")
        yield
        with suppress(OSError):  # another process was as fast
            work.rename(folder)
            _forget_older(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def forget(cache: Path, name: str) -> None:
    """Delete what has been prepared of a model."""
    for folder in _prepared(cache, name):
        shutil.rmtree(folder, ignore_errors=True)


def _forget_older(folder: Path) -> None:
    name = folder.name.rpartition("-")[0]
    newest_first = sorted(_prepared(folder.parent, name), key=lambda each: each.stat().st_mtime, reverse=True)
    for older in newest_first[_KEPT:]:
        shutil.rmtree(older, ignore_errors=True)


def _prepared(cache: Path, name: str) -> list[Path]:
    # The key has 16 digits: `u2net-…` is not `u2net-human-…`.
    return [each for each in cache.glob(f"{name}-{'[0-9a-f]' * 16}") if each.is_dir()]


def _processor() -> str:
    """What distinguishes processors: instruction sets where the system tells them, else this machine."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return f"{platform.processor()} {platform.node()}"
