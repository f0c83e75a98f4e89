"""From a name that someone typed to a model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from cleancut.errors import UnknownModel
from cleancut.models.spec import ModelSpec

# Names of rembg 2.0.86 that mean something else than one matte of one subject.
_REFUSED = {
    "u2net_cloth_seg": ("it answers three classes of clothing, not one subject", "use u2net-human"),
    "sam": ("it needs points or boxes and answers hard masks", "use isnet-general or birefnet-general"),
    "u2net_custom": ("it is a file of your own", "describe the file in models.toml, see docs/models.md"),
    "dis_custom": ("it is a file of your own", "describe the file in models.toml, see docs/models.md"),
    "ben_custom": ("it is a file of your own", "use ben2-base, or describe the file in models.toml"),
    "birefnet-general-fp16": ("its file is not among the known weights", "use birefnet-general"),
    "withoutbg": ("it is a cloud service, not a model", "use a local model"),
    "atlascloud": ("it is a cloud service, not a model", "use a local model"),
}


def find(name: str, specs: Mapping[str, ModelSpec]) -> ModelSpec:
    """The model of that name or alias. Raises UnknownModel, with the nearest name."""
    if name in specs:
        return specs[name]
    for spec in specs.values():
        if name in spec.aliases:
            return spec
    if name in _REFUSED:
        reason, remedy = _REFUSED[name]
        raise UnknownModel(f"{name} is not offered: {reason}", hint=remedy)
    known = [*specs, *(alias for spec in specs.values() for alias in spec.aliases)]
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}? `cleancut models list` shows all" if near else "see `cleancut models list`"
    raise UnknownModel(f"there is no model {name!r}", hint=hint)
