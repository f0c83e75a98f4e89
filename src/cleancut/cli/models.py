"""``cleancut models``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleancut.cli.main import EXIT_CODES, show
from cleancut.cli.progress import Download
from cleancut.errors import CleancutError

if TYPE_CHECKING:
    from cleancut.models.spec import ModelSpec
    from cleancut.models.weights import Store


@click.group("models")
def command() -> None:
    """List, fetch, check and move the models' weights."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="All that is known, as JSON.")
def list_models(as_json: bool) -> None:
    """Show all models: what for, licence, and whether the weights are here."""
    store, specs = _store_and_models()
    if as_json:
        click.echo(json.dumps([_described(spec, store) for spec in specs.values()], indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in specs)
    for spec in specs.values():
        use = "" if spec.licence.commercial else ", non-commercial"
        click.echo(f"{spec.name:<{width}}  {_state(spec, store):<9}  {spec.summary} ({spec.licence.name}{use})")


@command.command("show")
@click.argument("name")
def show_model(name: str) -> None:
    """Show all that is known about one model."""
    for key, value in _described(*_model(name)).items():
        if isinstance(value, list):
            click.echo(f"{key}:")
            for each in value:
                click.echo("  - " + (each if isinstance(each, str) else _sentence(each)))
        else:
            click.echo(f"{key}: {value}")


@command.command("pull")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--accept-licence", is_flag=True, help="Accept the weights' licence; this is recorded.")
def pull(names: tuple[str, ...], accept_licence: bool) -> None:
    """Fetch weights, and verify them."""
    from cleancut.models import licences
    from cleancut.models.weights import ensure

    for name in names:
        spec, store = _model(name)
        if accept_licence:
            licences.accept(spec, store)
        with Download() as download:
            weights = ensure(spec, store, download)
        click.echo(f"{spec.name}: {weights.path} ({weights.size / 1e6:.1f} MB, from {weights.source})", err=True)
        _prepare(spec)


def _prepare(spec: ModelSpec) -> None:
    """Have the model in integers made while nobody waits for a photo."""
    from cleancut.engines import measured
    from cleancut.int8 import prepare
    from cleancut.quantisation.ranges import has_ranges
    from cleancut.settings import read_settings

    settings = read_settings()
    if not (settings.make_int8 and has_ranges(spec)):
        return
    speed = measured(spec, settings)
    if speed is None:
        click.echo(f"{spec.name}: making it in int8, and measuring; some 15 s, once …", err=True)
        try:
            speed = prepare(spec, settings)
        except CleancutError as error:
            # The weights are here, and serve as they are.
            click.echo(f"note: {error}\n  → {error.hint}", err=True)
            return
    if speed is None:
        click.echo(f"{spec.name}: another process is making it in int8", err=True)
    else:
        use = "used by default on this CPU" if speed.pays else "not used by default: too little is gained"
        click.echo(f"{spec.name}: int8 {speed.int8:.2f} s, fp32 {speed.fp32:.2f} s; {use}", err=True)


@command.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME...]")
def verify(names: tuple[str, ...]) -> int:
    """Hash the weights that are here and compare them with what was published. Without NAME, all of them."""
    from cleancut.models.weights import verify

    if names:
        chosen = [_model(name)[0] for name in names]
        store = _model(names[0])[1]
    else:
        store, specs = _store_and_models()
        chosen = [spec for spec in specs.values() if store.file(spec).exists()]
    failed = 0
    for spec in chosen:
        try:
            weights = verify(spec, store)
        except CleancutError as error:
            failed += 1
            show(error)
        else:
            click.echo(f"{spec.name}: ok, sha256:{weights.sha256}", err=True)
    if not chosen:
        click.echo("no weights are here yet; `cleancut models pull NAME` fetches some", err=True)
    return EXIT_CODES["model"] if failed else 0


@command.command("export")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), metavar="BUNDLE.tar")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def export(target: Path, names: tuple[str, ...]) -> None:
    """Write weights into one file, for a machine without network."""
    from cleancut.models.bundle import export_bundle

    store, _ = _store_and_models()
    export_bundle([_model(name)[0] for name in names], store, target)
    click.echo(f"{target}: {', '.join(names)}", err=True)


@command.command("import")
@click.argument("bundle", type=click.Path(path_type=Path, dir_okay=False), metavar="BUNDLE.tar")
@click.option("--accept-licence", is_flag=True, help="Accept the licences of the weights; this is recorded.")
def import_(bundle: Path, accept_licence: bool) -> None:
    """Take weights from a file that `models export` wrote."""
    from cleancut.models.bundle import import_bundle

    store, specs = _store_and_models()
    names = import_bundle(bundle, store, specs, accept_licence=accept_licence)
    click.echo(f"imported {', '.join(names)}", err=True)


@command.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Delete weights."""
    from cleancut.engines import prepared_models, quantised_models
    from cleancut.models.weights import remove
    from cleancut.quantisation.make import forget as forget_int8
    from cleancut.runtime.prepared import forget
    from cleancut.settings import read_settings

    for name in names:
        spec, store = _model(name)
        settings = read_settings()
        forget(prepared_models(settings), spec.name)
        forget(prepared_models(settings), f"{spec.name}+int8")
        forget_int8(quantised_models(settings), spec)
        click.echo(f"{spec.name}: {'removed' if remove(spec, store) else 'was not here'}", err=True)


def _store_and_models() -> tuple[Store, dict[str, ModelSpec]]:
    from cleancut.engines import store_of
    from cleancut.models.extra import all_models
    from cleancut.settings import read_settings

    settings = read_settings()
    return store_of(settings), all_models(settings.home)


def _model(name: str) -> tuple[ModelSpec, Store]:
    from cleancut.engines import model_of, store_of
    from cleancut.settings import read_settings

    settings = read_settings()
    return model_of(name, settings), store_of(settings)


def _state(spec: ModelSpec, store: Store) -> str:
    """``here``, or the size of the smallest source; a file that does not verify is ``damaged``."""
    from cleancut.models.weights import installed

    try:
        if installed(spec, store):
            return "here"
    except CleancutError:
        return "damaged"
    sizes = [weights.size for weights in spec.weights if weights.size]
    return f"{min(sizes) / 1e6:.0f} MB" if sizes else "not here"


def _described(spec: ModelSpec, store: Store) -> dict[str, Any]:
    from cleancut.models.sources import describe

    return {
        "name": spec.name,
        "summary": spec.summary,
        "state": _state(spec, store),
        "path": str(store.file(spec)),
        "aliases": list(spec.aliases),
        "input_size": spec.input_size,
        "licence": spec.licence.name,
        "commercial_use": spec.licence.commercial,
        "licence_url": spec.licence.url,
        "training_data": spec.training_data,
        "citation": spec.citation,
        "sources": [
            {
                "source": describe(weights.origin),
                "size": weights.size,
                "checksum": weights.checksum,
                "precision": weights.precision,
                "licence": weights.licence or spec.licence.name,
            }
            for weights in spec.weights
        ],
    }


def _sentence(source: dict[str, Any]) -> str:
    size = f", {source['size']:,} bytes" if source["size"] else ""
    return f"{source['source']}{size}, {source['precision']}, {source['checksum']}, {source['licence']}"
