"""Having a model in integers made, and measuring whether it pays: once, and never while somebody waits for a photo."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cleancut import files
from cleancut.engines import (
    engine_of,
    int8_folder,
    measured,
    model_of,
    on_cpu,
    quick_engine,
    store_of,
    threads_of,
)
from cleancut.errors import CleancutError, ModelError
from cleancut.models.spec import ModelSpec
from cleancut.models.store import writing
from cleancut.options import Options
from cleancut.quantisation import make as quantised
from cleancut.quantisation.make import Speed
from cleancut.settings import Settings, read_settings

_ROUNDS = 3

# Whatever became of it: a process asks once.
_begun: set[tuple[str, Path]] = set()
_lock = threading.Lock()


def prepare(spec: ModelSpec, settings: Settings) -> Speed | None:
    """Make and measure it, if that is not done yet. Takes some 15 s on two cores.

    None where another process is at it. Raises ModelError.
    """
    from filelock import FileLock, Timeout

    folder = int8_folder(spec, settings)
    if folder is None:
        raise ModelError(
            f"{spec.name} cannot run in int8: its weights are not here, or no table of its activations' ranges is",
            hint=f"run `cleancut models pull {spec.name}`, or use --precision fp32",
        )
    with writing(store_of(settings)):
        files.make_folder(folder.parent)
        try:
            with FileLock(f"{folder}.measuring", timeout=0):
                return measured(spec, settings) or _prepared(spec, settings, folder)
        except Timeout:
            return None


def _prepared(spec: ModelSpec, settings: Settings, folder: Path) -> Speed:
    # Found by the next process if this one is killed on the way, as for want of memory: it does not try again unasked.
    _unfinished(folder).write_text(f"begun and not finished; `cleancut models pull {spec.name}` tries again\n", "utf-8")
    try:
        speed = _measure(spec, settings)
    except ModelError as error:
        if type(error) is ModelError:
            _unfinished(folder).write_text(f"{error}\n", "utf-8")
        else:  # a full disk, or too little memory: another time it may go well
            _unfinished(folder).unlink(missing_ok=True)
        raise
    quantised.keep_speed(folder, threads_of(settings), speed)
    _unfinished(folder).unlink(missing_ok=True)
    return speed


def prepare_later(options: Options, settings: Settings) -> None:
    """Begin it in a process of its own, at low priority, if ``precision="auto"`` could gain by it.

    At most once a model and process. What goes wrong is noted beside the file, and no photo is the worse for it.
    """
    key = (options.model, settings.home)
    if key in _begun or options.precision != "auto" or not settings.make_int8 or not _is_python():
        return
    with _lock:
        if key in _begun:
            return
        _begun.add(key)
    with suppress(CleancutError, OSError):
        spec = model_of(options.model, settings)
        folder = int8_folder(spec, settings) if on_cpu(options.device) else None
        if folder is None or _unfinished(folder).exists() or not os.access(settings.home, os.W_OK):
            return
        if measured(spec, settings) is None:
            _spawn(spec.name, settings)


def _is_python() -> bool:
    """Whether what runs is Python, and not a program that has it inside: that would start itself again."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def _spawn(name: str, settings: Settings) -> None:
    # -P: a file onnx.py in the folder where the command is called is not ours.
    words = [sys.executable, "-P", "-m", "cleancut.int8", name, str(settings.home), str(threads_of(settings))]
    how: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    # Apart from the terminal: Ctrl-C at the next command, or a window that is closed, are not meant for it.
    if sys.platform == "win32":
        how["creationflags"] = (
            subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    else:
        how["start_new_session"] = True
    process = subprocess.Popen(words, **how)
    # Else it would be a zombie for as long as this process lives, which may be a server.
    threading.Thread(target=process.wait, name="int8", daemon=True).start()


def _unfinished(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.unfinished")


def _measure(spec: ModelSpec, settings: Settings) -> Speed:
    """The shortest of a few runs of both, in turn, after one that finds its memory."""
    import numpy as np

    exact = engine_of(Options(model=spec.name, device="cpu", precision="fp32"), settings)
    quick = quick_engine(spec, "cpu", settings)
    tensor = np.random.default_rng(0).uniform(0, 1, (1, 3, spec.input_size, spec.input_size)).astype(np.float32)
    spent: dict[str, list[float]] = {"fp32": [], "int8": []}
    for _ in range(_ROUNDS + 1):
        for engine in (exact, quick):
            began = time.perf_counter()
            engine.session.run(tensor)
            spent[engine.precision].append(time.perf_counter() - began)
    quick.session.close()
    return Speed(**{name: min(times[1:]) for name, times in spent.items()})


def main(name: str, home: str, threads: str) -> None:
    """Prepare one model, behind everything else that the machine has to do."""
    if hasattr(os, "nice"):
        os.nice(10)
    settings = replace(read_settings(), home=Path(home), threads=int(threads))
    with suppress(CleancutError, OSError):
        prepare(model_of(name, settings), settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
