"""The application: its parts, its middleware, its routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from cleancut._version import __version__
from cleancut.errors import CleancutError
from cleancut.options import Options
from cleancut.server import openapi, problems
from cleancut.server.building import Page
from cleancut.server.crew import at_work, ended
from cleancut.server.guard import Guard
from cleancut.server.logs import Envelope, set_up
from cleancut.server.routes import (
    data,
    docs,
    guides,
    health,
    jobs,
    mattes,
    models,
    page,
    rembg,
    removebg,
    results,
    session,
    webhooks,
)
from cleancut.server.service import Service, service_of
from cleancut.server.settings import ServerSettings
from cleancut.server.uploads import Uploads

# Often enough that expired pictures do not lie about, seldom enough to cost nothing.
_SWEEP_EVERY_S = 60.0

# A model that could not be loaded may be there now: somebody has pulled it, or the mirror answers again.
_TRY_AGAIN_S = 60.0


def create_app(settings: ServerSettings) -> FastAPI:
    """The HTTP service with these settings. Raises OptionError, Unwritable."""
    set_up(settings.log_format)
    service = service_of(settings)
    app = FastAPI(
        title="cleancut",
        version=__version__,
        description="Cuts the subject out of photos with a true alpha matte.",
        docs_url=None,
        redoc_url=None,
        # They would lead to whatever host the client has named.
        redirect_slashes=False,
        lifespan=_lifespan,
        # Names of operations for those who make clients of the OpenAPI.
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.service = service
    app.state.page = Page()
    app.state.page.load()
    problems.install(app)
    for each in (health, guides, mattes, results, jobs, webhooks, models, session, data, removebg, rembg, docs, page):
        app.include_router(each.router)
    openapi.complete(app)
    # The last one added is the outermost.
    app.add_middleware(Uploads, settings=settings)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["*"], allow_headers=["*"],
            expose_headers=["*"],
        )  # fmt: skip
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Envelope, metrics=service.metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    # Once, and not while others wait for the event loop.
    await asyncio.to_thread(app.openapi)
    for_ever = (_warm_up(service), _sweep_for_ever(service), service.metrics.watch_the_loop())
    tasks = [asyncio.create_task(each) for each in for_ever]
    try:
        async with at_work(service.settings, service.desk, service.metrics, beside=True):
            yield
    finally:
        await ended(tasks)
        service.receiving.close()
        service.asking.close()
        await asyncio.to_thread(service.desk.close)
        service.workers.close()
        service.storage.close()


async def _warm_up(service: Service) -> None:
    """Have the default model loaded and run once, so that the first client finds it so; again until it succeeds."""
    # Not one of the loop's own threads, all of which the server waits for when it ends: this one may be downloading.
    aside = ThreadPoolExecutor(1, thread_name_prefix="warm-up")
    try:
        while (problem := await asyncio.get_running_loop().run_in_executor(aside, _try_first_run, service)) is not None:
            service.not_ready = problem
            await asyncio.sleep(_TRY_AGAIN_S)
    finally:
        aside.shutdown(wait=False, cancel_futures=True)
    service.not_ready = None
    service.metrics.ready.set(1)


def _try_first_run(service: Service) -> str | None:
    """Run the default model; why that failed, None if it did not."""
    log = structlog.get_logger()
    try:
        service.device = _first_run(service)
    except CleancutError as error:
        log.error("not ready", problem=str(error), hint=error.hint)
        return f"{error}; {error.hint}"
    except Exception as error:
        log.error("not ready", exc_info=error)
        return "the model failed; the server's log says how"
    return None


def _first_run(service: Service) -> str:
    import numpy as np
    from PIL import Image

    from cleancut.engines import LOADED
    from cleancut.int8 import prepare_later
    from cleancut.remover import estimate
    from cleancut.steps.decode import from_image

    LOADED.limit = service.settings.loaded_models
    plain = from_image(Image.fromarray(np.full((64, 64, 3), 128, np.uint8)))
    settings = service.settings
    options = Options(model=settings.model, device=settings.device, precision=settings.precision)
    engine = estimate(plain, options, settings.core).engine
    prepare_later(replace(options, model=engine.spec.name), settings.core)
    return engine.device


async def _sweep_for_ever(service: Service) -> None:
    while True:
        try:
            await asyncio.to_thread(service.storage.sweep)
            service.recent.sweep()
        except Exception as error:
            # A disk that fails now may work in a minute; and what is expired is shown to nobody in the meantime.
            structlog.get_logger().error("sweeping failed", exc_info=error)
        service.rates.forget()
        await asyncio.sleep(_SWEEP_EVERY_S)
