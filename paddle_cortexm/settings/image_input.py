"""What a network takes for an image: size, how a frame comes to it, colours, normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Field

from paddle_cortexm.target import MAXIMUM_SIDE

SMALLEST_SIDE = 8  # what a network can do with so few pixels, its own layers say
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of red, green, blue
GREY_MEAN, GREY_STD = (0.449,), (0.226,)  # their averages

Fit = Literal["crop", "stretch", "pad"]
Colour = Literal["rgb", "bgr", "grey"]
Place = Literal["centre", "start"]


def parse_size(value: Any) -> int | tuple[int, int]:
    """A side, or (height, width), in pixels."""
    sides = [value] if isinstance(value, int) else value
    allowed = isinstance(sides, (list, tuple)) and len(sides) in (1, 2) and all(type(side) is int for side in sides)
    if not allowed or not all(SMALLEST_SIDE <= side <= MAXIMUM_SIDE for side in sides):
        raise ValueError(f"has to be a number of pixels, or [height, width]; each of {SMALLEST_SIDE} to {MAXIMUM_SIDE}")
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


def as_values(value: Any) -> Any:
    """One number stands for all channels."""
    return [value] if isinstance(value, (int, float)) else value


Deviation = Annotated[float, Field(gt=0)]
Level = Annotated[int, Field(ge=0, le=255)]
Size = Annotated[Union[int, tuple[int, int]], BeforeValidator(parse_size)]
Means = Annotated[tuple[float, ...], BeforeValidator(as_values)]
Deviations = Annotated[tuple[Deviation, ...], BeforeValidator(as_values)]


@dataclass(frozen=True)
class ImageInput:
    """The input of a network, and how a frame becomes it. size, box: (height, width) in pixels.

    fit: the frame is resized to cover the box, keeping its shape (crop), to be the box (stretch), or to lie inside it
    (pad); the centre of that is the input. What the frame does not reach is pad_colour (red, green, blue); pad_place:
    where in the input a padded frame lies. colour: the order of the channels, or their luma; mean, std: of each channel
    in that order, as shares of 255.
    """

    size: tuple[int, int]
    box: tuple[int, int]
    fit: Fit = "crop"
    colour: Colour = "rgb"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    pad_colour: tuple[int, int, int] = (0, 0, 0)
    pad_place: Place = "centre"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)"""
        return (*self.size, channels_of(self.colour))

    @property
    def pixels(self) -> str:
        """The size for people."""
        return f"{self.size[0]} × {self.size[1]}"


def channels_of(colour: Colour) -> int:
    return 1 if colour == "grey" else 3


def both_sides(size: int | tuple[int, int]) -> tuple[int, int]:
    """(height, width) of a Size."""
    return (size, size) if isinstance(size, int) else size


def every_mean(means: tuple[float, ...] | None, colour: Colour) -> tuple[float, ...]:
    """A mean for each channel; without any, ImageNet's."""
    return _every_channel(means, IMAGENET_MEAN, GREY_MEAN, colour)


def every_deviation(deviations: tuple[float, ...] | None, colour: Colour) -> tuple[float, ...]:
    """A standard deviation for each channel; without any, ImageNet's."""
    return _every_channel(deviations, IMAGENET_STD, GREY_STD, colour)


def _every_channel(
    values: tuple[float, ...] | None, colours: tuple[float, ...], grey: tuple[float, ...], colour: Colour
) -> tuple[float, ...]:
    if values is not None:
        return values * channels_of(colour) if len(values) == 1 else values
    return {"rgb": colours, "bgr": colours[::-1], "grey": grey}[colour]
