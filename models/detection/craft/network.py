"""CRAFT and its link refiner as torch modules (Baek et al. 2019, "Character Region Awareness for Text Detection").

Parameter names and shapes are those of the published checkpoints, craft_mlt_25k.pth and
craft_refiner_CTW1500.pth, so that these load unchanged. The only module here that needs torch to be imported.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

# VGG-16's feature stack up to conv5_2: output channels of each 3×3 convolution, M a 2×2 max-pooling.
_VGG = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512)
# The stack is cut behind the batch normalisations of conv2_2, conv3_2, conv4_2 and conv5_2; each cut feeds the
# decoder. Numbers are positions in torchvision's vgg16_bn, which the checkpoints use as names.
_CUTS = (12, 19, 29, 39)


class Backbone(nn.Module):
    """VGG-16 with batch normalisation; conv5_3 on gives way to a dilated convolution and a 1×1 one."""

    def __init__(self) -> None:
        super().__init__()
        layers = _vgg_layers()
        starts = (0, *_CUTS[:-1])
        for number, (start, end) in enumerate(zip(starts, _CUTS, strict=True), 1):
            part = nn.Sequential()
            for position in range(start + 1 if start else 0, end):  # the rectifier at a cut is in `forward`
                part.add_module(str(position), layers[position])
            self.add_module(f"slice{number}", part)
        self.slice5 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
            nn.Conv2d(512, 1024, kernel_size=3, padding=6, dilation=6),
            nn.Conv2d(1024, 1024, kernel_size=1),
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the features from coarse to fine.

        Args:
            image: (N, 3, H, W), normalised.

        Returns:
            (N, 1024, H/16, W/16), (N, 512, H/16, W/16), (N, 512, H/8, W/8), (N, 256, H/4, W/4), (N, 128, H/2, W/2).
        """
        # The checkpoints were trained with rectifiers that work in place and open the next part: the decoder saw
        # every cut rectified but the last, which a pooling follows.
        half = self.get_submodule("slice1")(image).relu()
        quarter = self.get_submodule("slice2")(half).relu()
        eighth = self.get_submodule("slice3")(quarter).relu()
        sixteenth = self.get_submodule("slice4")(eighth)
        return self.slice5(sixteenth), sixteenth, eighth, quarter, half


def _vgg_layers() -> list[nn.Module]:
    layers: list[nn.Module] = []
    channels = 3
    for width in _VGG:
        if isinstance(width, str):
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        else:
            layers += [nn.Conv2d(channels, width, kernel_size=3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
    return layers


class UpConv(nn.Module):
    """One step of the decoder: a 1×1 and a 3×3 convolution, each batch-normalised and rectified."""

    def __init__(self, inputs: int, middle: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, middle, kernel_size=1), nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, outputs, kernel_size=3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        scored: Tensor = self.conv(features)
        return scored


class CraftNetwork(nn.Module):
    """Scores every second pixel: is it a character's centre, is it the gap between two characters of a word."""

    def __init__(self) -> None:
        super().__init__()
        self.basenet = Backbone()
        self.upconv1 = UpConv(1024 + 512, 512, 256)
        self.upconv2 = UpConv(256 + 512, 256, 128)
        self.upconv3 = UpConv(128 + 256, 128, 64)
        self.upconv4 = UpConv(64 + 128, 64, 32)
        self.conv_cls = nn.Sequential(
            nn.Conv2d(32, 32, kernel_size=3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 32, kernel_size=3, padding=1), nn.ReLU(),
            nn.Conv2d(32, 16, kernel_size=3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 16, kernel_size=1), nn.ReLU(),
            nn.Conv2d(16, 2, kernel_size=1),
        )  # fmt: skip

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores and what the refiner needs.

        Args:
            image: (N, 3, H, W) float, RGB less ImageNet's mean over its deviation; H and W multiples of 32.

        Returns:
            Region and affinity scores, (N, 2, H/2, W/2), about 0 to 1 but not bounded; features (N, 32, H/2, W/2).
        """
        deepest, *others = self.basenet(image)
        features = self.upconv1(torch.cat((deepest, others[0]), dim=1))
        for step, finer in zip((self.upconv2, self.upconv3, self.upconv4), others[1:], strict=True):
            features = interpolate(features, size=finer.shape[2:], mode="bilinear", align_corners=False)
            features = step(torch.cat((features, finer), dim=1))
        return self.conv_cls(features), features


class LinkRefiner(nn.Module):
    """Turns the affinity between characters into that between the words of a line (the paper's LinkRefiner)."""

    def __init__(self) -> None:
        super().__init__()
        self.last_conv = nn.Sequential()
        for inputs in (2 + 32, 64, 64):
            for layer in (nn.Conv2d(inputs, 64, kernel_size=3, padding=1), nn.BatchNorm2d(64), nn.ReLU()):
                self.last_conv.append(layer)
        self.aspp1, self.aspp2, self.aspp3, self.aspp4 = (_dilated_branch(dilation) for dilation in (6, 12, 18, 24))

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """Return the line affinity, (N, 1, H/2, W/2), of CraftNetwork's two outputs."""
        shared = self.last_conv(torch.cat((scores, features), dim=1))
        refined: Tensor = self.aspp1(shared) + self.aspp2(shared) + self.aspp3(shared) + self.aspp4(shared)
        return refined


def _dilated_branch(dilation: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(64, 128, kernel_size=3, dilation=dilation, padding=dilation), nn.BatchNorm2d(128), nn.ReLU(),
        nn.Conv2d(128, 128, kernel_size=1), nn.BatchNorm2d(128), nn.ReLU(),
        nn.Conv2d(128, 1, kernel_size=1),
    )  # fmt: skip
