"""Where the photo comes to lie in the finished picture: crop, canvas, scale, position, and bounds on its size.

Plain arithmetic on sizes and boxes; nothing is resampled here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleancut.geometry import Box, Cut, Position, Size, room_in

if TYPE_CHECKING:
    from cleancut.options import Options, Shadow

CENTRE = Position(0.5, 0.5)

WHOLE = Cut()

# How far shadows can be seen beyond the subject, left, top, right and bottom, as shares of its mean side, and how far
# they lean to the right, as a share of its height. How they are made: matting/shadow.py.
SHADOW_REACH: dict[str, tuple[float, float, float, float]] = {
    "none": (0, 0, 0, 0),
    "drop": (0.06, 0.03, 0.06, 0.09),
    "contact": (0.10, 0, 0.10, 0.07),
    "cast": (0.10, 0, 0.10, 0.07),
}
LEAN = 0.35


@dataclass(frozen=True, slots=True)
class Frame:
    """The finished picture's size in pixels, and where the photo lies in it.

    What is ``x`` pixels from the photo's left border is ``left + x * across`` from the picture's; likewise downwards.
    """

    width: int
    height: int
    left: float = 0.0
    top: float = 0.0
    across: float = 1.0
    down: float = 1.0

    @property
    def resamples(self) -> bool:
        """Whether the photo's pixels are not simply moved."""
        return self.across != 1 or self.down != 1

    def shows(self, box: Box) -> Box:
        """Where a box of the photo comes to lie: all pixels that it touches, inside the frame."""
        left, top = self.left + box.left * self.across, self.top + box.top * self.down
        right, bottom = self.left + box.right * self.across, self.top + box.bottom * self.down
        return Box(
            min(max(0, math.floor(left + 1e-6)), self.width),
            min(max(0, math.floor(top + 1e-6)), self.height),
            max(0, min(math.ceil(right - 1e-6), self.width)),
            max(0, min(math.ceil(bottom - 1e-6), self.height)),
        )

    def shrunk(self, factor: float) -> Frame:
        """The same, smaller by ``factor`` (at most 1), in whole pixels."""
        if factor >= 1:
            return self
        # Never above the bound, and all of it where a fraction is nothing but rounding.
        width, height = (max(1, math.floor(side * factor + 1e-6)) for side in (self.width, self.height))
        across, down = width / self.width, height / self.height
        return Frame(width, height, self.left * across, self.top * down, self.across * across, self.down * down)


def frame_of(photo: Size, subject: Box | None, options: Options, cut: Cut = WHOLE) -> Frame:
    """The frame that the options ask for.

    ``subject``: where it is in the photo, None if nothing was found; ``cut``: where the photo cuts it off.
    """
    if (canvas := options.parsed_canvas) is not None:
        return _on_canvas(canvas, photo, subject, options, cut)
    base = shown(photo, subject, options, cut)
    frame = Frame(base.width, base.height, -base.left, -base.top)
    if subject is not None and (options.parsed_scale is not None or options.parsed_position is not None):
        frame = _moved(frame, subject, Box(0, 0, base.width, base.height), options)
    return frame.shrunk(_factor(frame, photo, options))


def shown(photo: Size, subject: Box | None, options: Options, cut: Cut = WHOLE) -> Box:
    """The part of the photo that the picture is about: all of it, or what it is cropped to."""
    if not options.crop or subject is None:
        return Box(0, 0, photo.width, photo.height)
    box = subject.grown(options.margins)
    # A shadow that is cut off looks worse than some more room.
    return box.around(reach(options.shadow, subject)) if has_shadow(options, cut) else box


def reach(shadow: Shadow, subject: Box) -> Box:
    """A box that holds the subject and what can be seen of its shadow."""
    side = (subject.width + subject.height) / 2
    left, top, right, bottom = (math.ceil(share * side) for share in SHADOW_REACH[shadow])
    right += math.ceil(LEAN * subject.height) if shadow == "cast" else 0
    return Box(subject.left - left, subject.top - top, subject.right + right, subject.bottom + bottom)


def _on_canvas(canvas: Size, photo: Size, subject: Box | None, options: Options, cut: Cut) -> Frame:
    room, position = room_in(canvas, options.parsed_padding), CENTRE
    if subject is not None and options.parsed_position is None and options.parsed_scale is None:
        room, position = _against_borders(room, canvas, cut)
    # Without a subject the canvas stays empty, however the photo lies on it.
    subject = subject or Box(0, 0, photo.width, photo.height)
    frame = _moved(Frame(canvas.width, canvas.height), subject, room, options, fill=1.0, position=position)
    return frame.shrunk(_bound(frame, options.parsed_max_size))


def _moved(
    frame: Frame, subject: Box, room: Box, options: Options, fill: float | None = None, position: Position = CENTRE
) -> Frame:
    """The frame with the subject as large as asked for, and where it is asked for, in ``room``."""
    fill = options.parsed_scale or fill
    factor = 1.0
    if fill is not None:
        factor = fill * min(room.width / subject.width, room.height / subject.height)
    width, height = subject.width * factor, subject.height * factor
    position = options.parsed_position or position
    # In whole pixels, so that what is not scaled stays as sharp as it is.
    left = room.left + round((room.width - width) * position.across)
    top = room.top + round((room.height - height) * position.down)
    return Frame(frame.width, frame.height, left - subject.left * factor, top - subject.top * factor, factor, factor)


def has_shadow(options: Options, cut: Cut) -> bool:
    """Whether a shadow is drawn: where the photo ends at the knees there is no floor to cast it on."""
    if options.shadow == "none" or not options.shadow_opacity:
        return False
    return options.shadow == "drop" or not cut.bottom


def _against_borders(room: Box, canvas: Size, cut: Cut) -> tuple[Box, Position]:
    """Room and position of a subject that a photo cuts off: with its cut side in the air it would look like a torso."""
    room = Box(
        0 if cut.left else room.left, 0 if cut.top else room.top, canvas.width if cut.right else room.right,
        canvas.height if cut.bottom else room.bottom,
    )  # fmt: skip
    # 0 at the one border, 1 at the other, the middle where it is cut at both or at none.
    return room, Position(0.5 * (1 + cut.right - cut.left), 0.5 * (1 + cut.bottom - cut.top))


def _factor(frame: Frame, photo: Size, options: Options) -> float:
    # Margins can make the picture larger than the photo.
    pixels = max(photo.width * photo.height, frame.width * frame.height)
    factor = 1.0 if options.max_pixels is None else math.sqrt(options.max_pixels / pixels)
    return min(1.0, factor, _bound(frame, options.parsed_max_size))


def _bound(frame: Frame, size: Size | None) -> float:
    return 1.0 if size is None else min(size.width / frame.width, size.height / frame.height)
