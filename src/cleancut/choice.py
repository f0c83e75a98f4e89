"""``model="auto"``: which of the models at hand is asked, and whose answer is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from cleancut.errors import CleancutError, InferenceFailed
from cleancut.models import licences
from cleancut.models.catalog import CATALOG, DEFAULT
from cleancut.models.extra import all_models
from cleancut.models.spec import ModelSpec
from cleancut.models.weights import Store, installed

AUTO = "auto"

# Best first, by published quality on intricate objects in large photos: the S-measure on DIS-VD is 0.90 for BiRefNet
# (arXiv:2401.03407), 0.81 for IS-Net and 0.78 for U²-Net (arXiv:2203.03041). BEN2 and the other BiRefNets are in
# between or above, in no order that is settled: those for general use go first, then those of particular data sets,
# the small backbone last. silueta is u2net cut down, and u2netp is smaller still.
GENERAL = (
    "birefnet-general",
    "ben2-base",
    "birefnet-massive",
    "birefnet-matting",
    "birefnet-hrsod",
    "birefnet-dis",
    "birefnet-general-lite",
    "isnet-general",
    "u2net",
    "silueta",
    "u2netp",
)

# It needs 22 GB on a CPU: for those who ask for it.
ON_REQUEST = ("birefnet-hr",)

# Below it a second model is asked. Of 41 photos IS-Net is below with 9, whose true IoU is 0.26 to 0.85, and above
# with 32, whose IoU is 0.66 once and at least 0.85 else; docs/confidence.md.
SURE = 0.8

# By so much the second has to be surer. The confidence of IS-Net and of U²-Netp is off by 0.04 and 0.08 on average: a
# lead below both together says nothing, and the first is the better model.
LEAD = 0.12

# One other opinion: a photo without a subject would otherwise run every model that is here.
LOOKS = 2


class Answer(Protocol):
    """What a choice is made by; a Matte is such."""

    @property
    def subject(self) -> bool: ...
    @property
    def confidence(self) -> float: ...


T = TypeVar("T", bound=Answer)


def choices(store: Store) -> tuple[str, ...]:
    """The names of the models that auto may ask, best first; the default one, to be fetched, if there is none.

    They are installed, verified, and their licence allows commercial use: one that does not is for those who name it,
    whatever has been accepted. Models for one kind of subject, and those of the user's own, of which nothing is known,
    are taken only where no general one is here.
    """
    general = tuple(name for name in GENERAL if _usable(CATALOG[name], store))
    return general or _others(store) or (DEFAULT,)


def best_of(names: Sequence[str], look: Callable[[str], T]) -> tuple[str, T, str]:
    """The first model and its answer, unless it is unsure and the second is clearly surer; and a line that says why.

    ``look`` runs a model. One that fails at this picture is passed over. Raises what the first raised if none answers,
    and at once whatever else ``look`` raises.
    """
    answers: dict[str, T] = {}
    refusals: dict[str, CleancutError] = {}
    for name in names[:LOOKS]:
        try:
            answers[name] = look(name)
        except InferenceFailed as error:
            refusals[name] = error
            continue
        if answers[name].subject and answers[name].confidence >= SURE:
            break
    if not answers:
        raise next(iter(refusals.values()))
    first, *rest = answers
    best = next((name for name in rest if _clearly_better(answers[name], answers[first])), first)
    return best, answers[best], _reason(best, answers, refusals)


def _clearly_better(answer: Answer, than: Answer) -> bool:
    if answer.subject != than.subject:
        return answer.subject
    return answer.subject and answer.confidence >= than.confidence + LEAD


def _reason(best: str, answers: Mapping[str, Answer], refusals: Mapping[str, CleancutError]) -> str:
    said = [f"{best}, confidence {answers[best].confidence:.2f}"]
    for name, answer in answers.items():
        if name == best:
            continue
        told = f"{best} {answers[best].confidence:.2f} before {name} {answer.confidence:.2f}"
        little = answer.subject and answer.confidence > answers[best].confidence
        said = [told + ", which leads by too little" * little]
    said += [str(error) for error in refusals.values()]
    return f"auto: {'; '.join(said)}"


def _others(store: Store) -> tuple[str, ...]:
    """Those that are not for general use, the catalogue's first. An entry that cannot be read is no reason to stop."""
    known: Mapping[str, ModelSpec] = CATALOG
    with suppress(CleancutError):
        known = all_models(store.home)
    asked = {*GENERAL, *ON_REQUEST}
    return tuple(name for name, spec in known.items() if name not in asked and _usable(spec, store))


def _usable(spec: ModelSpec, store: Store) -> bool:
    """Whether it is here, whole, and free to use."""
    if not spec.licence.commercial:
        return False
    # A damaged file, or terms that nobody accepted: whoever names the model is told.
    with suppress(CleancutError):
        licences.check(spec, store)
        return installed(spec, store) is not None
    return False
