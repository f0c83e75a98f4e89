"""The command behind ``scripts/ranges``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from cleancut.engines import model_of, store_of
from cleancut.models.weights import ensure
from cleancut.options import Limits
from cleancut.pipeline import load
from cleancut.quantisation.as_fp32 import as_fp32
from cleancut.quantisation.plan import observed
from cleancut.runtime.graph import with_one_output
from cleancut.settings import read_settings
from cleancut.steps.preprocess import preprocess
from cleancut.types import Tensor

SETS = ("soft24", "highres")

# The tail of the activations is long: with the range of all values, what is common falls into a few steps (IS-Net's
# mean difference to fp32 is 0.13 then), with fewer values more is cut off than is gained (0.9996: 0.011; 0.9999:
# 0.0045; before doubtful answers are asked for again).
QUANTILE = 0.9999

# Of each tensor and photo; enough for some hundred values beyond the quantile.
SAMPLES = 100_000
# Tensors that are looked at in one run, for memory's sake.
AT_ONCE = 12


@click.command()
@click.argument("name", default="isnet-general")
def main(name: str) -> None:
    """Observe the odd half of the sets; the even half is left for measuring."""
    settings = read_settings()
    spec = model_of(name, settings)
    weights = ensure(spec, store_of(settings))
    model = onnx.load_model_from_string(with_one_output(memoryview(weights.path.read_bytes()), spec.output_index))
    as_fp32(model)
    photos = [preprocess(load(path.read_bytes(), Limits()), spec)[0] for path in _photos()]
    kinds = dict(observed(model.graph))
    wanted = list(kinds)
    ranges: dict[str, tuple[float, float]] = {}
    with click.progressbar(range(0, len(wanted), AT_ONCE), label=f"{len(photos)} photos") as bar:
        for start in bar:
            ranges |= _observed(model, wanted[start : start + AT_ONCE], photos)
    table = {
        "model": name,
        "photos": len(photos),
        "quantile": QUANTILE,
        "ranges": [[each, kinds[each], *map(_short, ranges[each])] for each in wanted],
    }
    target = Path(f"src/cleancut/quantisation/tables/{name}.json")
    target.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    click.echo(f"{target}: {len(wanted)} ranges")


def _photos() -> Iterator[Path]:
    datasets = os.environ.get("CLEANCUT_DATASETS")
    if not datasets:
        raise click.UsageError("set CLEANCUT_DATASETS to the folder of photographs")
    for each in SETS:
        yield from sorted((Path(datasets) / each / "im").iterdir())[::2]


def _observed(model: ModelProto, names: Sequence[str], photos: Sequence[Tensor]) -> dict[str, tuple[float, float]]:
    asked = ModelProto()
    asked.CopyFrom(model)
    del asked.graph.output[:]
    asked.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(asked.SerializeToString(), options)
    photo = session.get_inputs()[0].name
    runs = [[_sample(each) for each in session.run(list(names), {photo: tensor})] for tensor in photos]
    return {name: _range(np.concatenate(values)) for name, values in zip(names, zip(*runs, strict=True), strict=True)}


def _sample(values: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = values.ravel()
    return flat[:: max(1, flat.size // SAMPLES)].copy()


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    low, high = np.quantile(values, [1 - QUANTILE, QUANTILE])
    return float(low), float(high)


def _short(value: float) -> float:
    """Four digits say more than the photos do."""
    return float(f"{value:.4g}")


if __name__ == "__main__":
    main()
