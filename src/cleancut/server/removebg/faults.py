"""What remove.bg's API refuses, in its shape: ``{"errors": [{"title", "code", "detail"}]}``."""

from __future__ import annotations

from cleancut.server.problems import Refused

# Code → title, of what is wrong with a request by this API alone; all of them are 400.
TITLES = {
    "missing_source": "No image given",
    "multiple_sources": "Multiple image sources given",
    "invalid_image_url": "Invalid image_url parameter given",
    "failed_image_download": "Failed to download image from given image_url",
    "failed_to_read_image": "Failed to read image",
    "invalid_file_type": "Invalid file type",
    "invalid_dimensions": "Invalid image dimensions",
    "file_too_large": "File too large",
    "resolution_too_high": "Image resolution too high",
    "invalid_size": "Invalid size parameter given",
    "invalid_type": "Invalid type parameter given",
    "invalid_type_level": "Invalid type_level parameter given",
    "invalid_format": "Invalid format parameter given",
    "invalid_channels": "Invalid channels parameter given",
    "invalid_roi": "Invalid roi parameter given",
    "roi_exceeds_bounds": "The roi exceeds the image",
    "roi_region_empty": "The roi is empty",
    "invalid_crop": "Invalid crop parameter given",
    "invalid_crop_margin": "Invalid crop_margin parameter given",
    "invalid_scale": "Invalid scale parameter given",
    "invalid_position": "Invalid position parameter given",
    "invalid_bg_color": "Invalid bg_color parameter given",
    "invalid_bg_image_url": "Invalid bg_image_url parameter given",
    "failed_bg_download": "Failed to download background image",
    "multiple_bg_sources": "Multiple background sources given",
    "invalid_semitransparency": "Invalid semitransparency parameter given",
    "multiple_shadow_params": "Both add_shadow and shadow_type given",
    "invalid_shadow_type": "Invalid shadow_type parameter given",
    "invalid_shadow_opacity": "Invalid shadow_opacity parameter given",
    "unknown_foreground": "Could not identify foreground in image",
}

# Our own refusals → their code, where one of the above is meant.
MEANT = {
    "not_an_image": "invalid_file_type",
    "unsupported_image": "invalid_file_type",
    "damaged_image": "failed_to_read_image",
    "input_refused": "failed_to_read_image",
    "input_missing": "failed_to_read_image",
    "file_too_large": "file_too_large",
    "body_too_large": "file_too_large",
    "image_too_large": "resolution_too_high",
    "image_too_small": "invalid_dimensions",
    "cannot_hold": "invalid_format",
    "no_subject": "unknown_foreground",
}

# Others → status, title and code there. All that remain keep their status and code, and say what they say.
OTHERS: dict[str, tuple[int, str, str]] = {
    "key_needed": (403, "Missing API Key", "auth_failed"),
    "key_unknown": (403, "API Key invalid", "auth_failed"),
    "rate_limited": (429, "Rate limit exceeded", "rate_limit_exceeded"),
    "credits_used_up": (402, "Insufficient credits", "insufficient_credits"),
}


class Fault(Refused):
    """A refusal by one of this API's own codes (``TITLES``)."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__("bad_request", detail, hint="see docs/migrate-from-removebg.md")
        self.fault = code


def shaped(refused: Refused) -> tuple[int, dict[str, object]]:
    """Status and body of a refusal."""
    if isinstance(refused, Fault):
        status, code, detail = 400, refused.fault, str(refused)
        # Many clients show the title alone.
        title = f"{TITLES[code]}: {detail}" if code.startswith("failed_") else TITLES[code]
    else:
        detail = f"{refused}; {refused.hint}"
        if code := MEANT.get(refused.code, ""):
            status, title = 400, TITLES[code]
        else:
            status, title, code = OTHERS.get(refused.code, (refused.status, str(refused), refused.code))
    return status, {"errors": [{"title": title, "code": code, "detail": detail}]}
