"""Every error that cleancut raises on purpose.

::

    CleancutError
    ├── OptionError            usage     an option has a value that cannot be used
    │   ├── NotBuilt           usage     an option or command that is planned but not built yet
    │   ├── OriginalNeeded     usage     restoring by brush needs the original's colours
    │   └── QuotaUsedUp        usage     more is waiting than may be
    ├── InputError             input     this picture is refused
    │   ├── InputMissing                 no such file, or it cannot be read
    │   ├── NotAnImage                   the bytes are no picture in a format that is read
    │   ├── UnsupportedImage             a picture, but of a kind that is not read
    │   ├── DamagedImage                 starts like a picture, cannot be decoded
    │   ├── FileTooLarge                 more bytes than the limit
    │   ├── ImageTooLarge                more pixels than the limit
    │   ├── ImageTooSmall                fewer pixels a side than the limit
    │   ├── UrlRefused                   this URL may not be fetched
    │   ├── WebhookRefused               the message is not signed by the service, or not lately
    │   ├── BadArchive                   no ZIP of pictures, or none that can be read
    │   ├── UnsafeArchive                made to write outside its folder, or to unpack without end
    │   ├── ArchiveTooLarge              more pictures than the limit, or more bytes when unpacked
    │   └── NestedArchive                an archive within an archive
    ├── NoSubject              subject   no subject was found, and one was required
    ├── ModelError             model     the model cannot run
    │   ├── UnknownModel                 no model of that name
    │   ├── LicenceNotAccepted           the weights' licence must be accepted first, or is ruled out
    │   ├── WeightsUnavailable           no source could give the weights
    │   ├── WrongChecksum                the weights at hand are not the published ones
    │   ├── HomeUnwritable               there is no place to keep weights
    │   ├── DeviceUnavailable            the device asked for cannot be used
    │   └── InferenceFailed              the model ran and failed
    ├── OutputError            output    the result cannot be written
    │   ├── Unwritable                   no permission, a folder in the way, no space left
    │   ├── CannotHold                   the format cannot hold this picture
    │   └── DatabaseUnavailable          the data base of jobs does not answer
    └── ServiceError           model     a service that was asked over HTTP did not do it
        ├── ServiceRefused     usage     the service refused the request, or this picture
        └── ServiceUnavailable           the service cannot be reached, has no room, or fails

Each class has a stable ``code``, and a ``kind`` that a shell maps to its own number (exit code, HTTP
status). The message says what is wrong; ``hint`` says what to do about it. A ServiceError has the code that the
service gave, and its kind: what is refused here and there is named alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

Kind = Literal["usage", "input", "subject", "model", "output"]


class CleancutError(Exception):
    """Base of all deliberate errors: ``str(error)`` is the message, ``hint`` the remedy."""

    code: str = "error"
    kind: Kind

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[Callable[[str], CleancutError], tuple[str]]:
        """How it is carried to another process: exceptions are made anew from their positional arguments alone."""
        return partial(type(self), hint=self.hint), (str(self),)


class OptionError(CleancutError):
    """An option has a value that cannot be used."""

    code = "bad_option"
    kind = "usage"


class NotBuilt(OptionError):
    """An option or command that is planned but not built yet."""

    code = "not_built"


class OriginalNeeded(OptionError):
    """Restoring by brush needs the original's colours."""

    code = "original_needed"


class QuotaUsedUp(OptionError):
    """More is waiting than may be."""

    code = "quota_used_up"


class InputError(CleancutError):
    """This picture is refused."""

    code = "input_refused"
    kind = "input"


class InputMissing(InputError):
    """No such file, or it cannot be read."""

    code = "input_missing"


class NotAnImage(InputError):
    """The bytes are no picture in a format that is read."""

    code = "not_an_image"


class UnsupportedImage(InputError):
    """A picture, but of a kind that is not read."""

    code = "unsupported_image"


class DamagedImage(InputError):
    """It starts like a picture but cannot be decoded."""

    code = "damaged_image"


class FileTooLarge(InputError):
    """More bytes than the limit."""

    code = "file_too_large"


class ImageTooLarge(InputError):
    """More pixels than the limit."""

    code = "image_too_large"


class ImageTooSmall(InputError):
    """Fewer pixels a side than the limit."""

    code = "image_too_small"


class UrlRefused(InputError):
    """This URL may not be fetched."""

    code = "url_refused"


class WebhookRefused(InputError):
    """The message is not signed by the service, or not lately."""

    code = "webhook_refused"


class BadArchive(InputError):
    """No ZIP of pictures, or none that can be read."""

    code = "bad_archive"


class UnsafeArchive(InputError):
    """Made to write outside its folder, or to unpack without end."""

    code = "unsafe_archive"


class ArchiveTooLarge(InputError):
    """More pictures than the limit, or more bytes when unpacked."""

    code = "archive_too_large"


class NestedArchive(InputError):
    """An archive within an archive."""

    code = "nested_archive"


class NoSubject(CleancutError):
    """No subject was found, and one was required."""

    code = "no_subject"
    kind = "subject"


class ModelError(CleancutError):
    """The model cannot run."""

    code = "model_unavailable"
    kind = "model"


class UnknownModel(ModelError):
    """No model of that name."""

    code = "unknown_model"


class LicenceNotAccepted(ModelError):
    """The weights' licence must be accepted first, or is ruled out."""

    code = "licence_not_accepted"


class WeightsUnavailable(ModelError):
    """No source could give the weights."""

    code = "weights_unavailable"


class WrongChecksum(ModelError):
    """The weights at hand are not the published ones."""

    code = "wrong_checksum"


class HomeUnwritable(ModelError):
    """There is no place to keep weights."""

    code = "home_unwritable"


class DeviceUnavailable(ModelError):
    """The device asked for cannot be used."""

    code = "device_unavailable"


class InferenceFailed(ModelError):
    """The model ran and failed."""

    code = "inference_failed"


class OutputError(CleancutError):
    """The result cannot be written."""

    code = "output_failed"
    kind = "output"


class Unwritable(OutputError):
    """No permission, a folder in the way, no space left."""

    code = "unwritable"


class CannotHold(OutputError):
    """The format cannot hold this picture."""

    code = "cannot_hold"


class DatabaseUnavailable(OutputError):
    """The data base of jobs does not answer."""

    code = "database_unavailable"


class ServiceError(CleancutError):
    """A service that was asked over HTTP did not do it.

    ``code`` is what the service gave, or else the class's; ``status`` the HTTP status of its answer, ``request_id``
    what its log has of the request, ``retry_after`` the seconds after which it asks to be tried again: None where
    there was no answer, or nothing of the kind in it.
    """

    code = "service_failed"
    kind: Kind = "model"

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code or type(self).code
        self.kind = _kinds(CleancutError).get(self.code, type(self).kind)
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Callable[[str], CleancutError], tuple[str]]:
        made = partial(
            type(self),
            hint=self.hint,
            code=self.code,
            status=self.status,
            request_id=self.request_id,
            retry_after=self.retry_after,
        )
        return made, (str(self),)


class ServiceRefused(ServiceError):
    """The service refused the request, or this picture."""

    code = "service_refused"
    kind = "usage"


class ServiceUnavailable(ServiceError):
    """The service cannot be reached, has no room, or fails."""

    code = "service_unavailable"


def _kinds(base: type[CleancutError]) -> dict[str, Kind]:
    """The kind of each code below ``base``."""
    found: dict[str, Kind] = {}
    for each in base.__subclasses__():
        found |= {each.code: each.kind} | _kinds(each)
    return found
