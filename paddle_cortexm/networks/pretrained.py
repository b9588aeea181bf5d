"""Trained weights that PaddleClas publishes: of ImageNet for each of its backbones, and those of its tasks."""

from __future__ import annotations

from pathlib import Path

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.factories import Factory
from paddle_cortexm.networks.paddleclas import download, imagenet_url
from paddle_cortexm.networks.weights import State, read_weights

PRETRAINED_FOLDER = Path("~/.paddleclas/weights")


def fetch_pretrained(factory: Factory, url: str | None = None) -> State:
    """The weights behind the URL, by default PaddleClas's ImageNet weights of the backbone. Raises UserError where
    there are none, or where they cannot be fetched."""
    url, section = url or imagenet_url(factory.name), factory.section
    if url is None:
        raise UserError(
            f"{section}.weights: there are no pretrained weights of {factory.name}. Give a .pdparams file, or train "
            f"from scratch."
        )
    file_name = url.rsplit("/", 1)[1]
    try:
        path = download(url)
    except Exception as error:  # PaddleClas raises whatever its download does
        raise UserError(
            f"{section}.weights: PaddleClas could not fetch {url} ({error}).\nDownload it on a machine that can, then "
            f"put it at {PRETRAINED_FOLDER / file_name} or name it in the config: weights: path/to/{file_name}"
        ) from None
    return read_weights(path, section)
