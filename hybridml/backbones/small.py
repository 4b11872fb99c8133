"""Two small networks to train from scratch: LeNet-5 and a convnet of three blocks."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from hybridml.backbones.spec import Backbone, Preprocessing, Stage


class LeNet5(nn.Module):
    """LeNet-5 with ReLU and max pooling, for colour images of 32 by 32 pixels.

    Parameters
    ----------
    n_classes : int
        Length of the output.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner, "Gradient-Based Learning Applied to Document
    Recognition", 1998, section II.B.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.conv1 = _rectified(conv=nn.Conv2d(3, 6, 5))
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = _rectified(conv=nn.Conv2d(6, 16, 5))
        self.pool2 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.fc1 = _rectified(linear=nn.Linear(16 * 5 * 5, 120))
        self.fc2 = _rectified(linear=nn.Linear(120, 84))
        self.fc3 = nn.Linear(84, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits, (n, n_classes), from images of shape (n, 3, 32, 32)."""
        maps = self.pool2(self.conv2(self.pool1(self.conv1(images))))
        logits: Tensor = self.fc3(self.fc2(self.fc1(self.flatten(maps))))
        return logits


class ConvNet3(nn.Module):
    """Three blocks of convolution, ReLU and max pooling under a small dense layer.

    At 150 pixels it is the blog's network. At other sizes the last maps are averaged
    (or repeated) to the same 17 by 17 positions, so that the dense layer still fits.

    Parameters
    ----------
    n_classes : int
        Length of the output.

    References
    ----------
    Chollet, "Building powerful image classification models using very little data",
    The Keras Blog, 2016, "Training a small convnet from scratch".
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.block1 = _rectified(conv=nn.Conv2d(3, 32, 3))
        self.pool1 = nn.MaxPool2d(2)
        self.block2 = _rectified(conv=nn.Conv2d(32, 32, 3))
        self.pool2 = nn.MaxPool2d(2)
        self.block3 = _rectified(conv=nn.Conv2d(32, 64, 3))
        self.pool3 = nn.MaxPool2d(2)
        self.adapt = nn.AdaptiveAvgPool2d(17)
        self.flatten = nn.Flatten()
        self.dense = _rectified(linear=nn.Linear(64 * 17 * 17, 64))
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(64, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits, (n, n_classes), from images of shape (n, 3, h, w)."""
        maps = self.pool2(self.block2(self.pool1(self.block1(images))))
        maps = self.adapt(self.pool3(self.block3(maps)))
        features = self.dense(self.flatten(maps))
        logits: Tensor = self.classifier(self.dropout(features))
        return logits


def _rectified(**layer: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict(**layer, relu=nn.ReLU()))


def _whole_image(size: int) -> Preprocessing:
    return Preprocessing(
        resize=size, crop=size, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)
    )


SMALL_BACKBONES: tuple[Backbone, ...] = (
    Backbone(
        "lenet5",
        LeNet5,
        (
            Stage("conv1", "conv1"),
            Stage("conv2", "conv2"),
            Stage("fc1", "fc1", "vector"),
            Stage("penultimate", "fc2", "vector"),
            Stage("logits", "fc3", "vector"),
        ),
        _whole_image(32),
        min_image_size=32,
        fixed_image_size=True,
    ),
    Backbone(
        "convnet3",
        ConvNet3,
        (
            Stage("block1", "block1"),
            Stage("block2", "block2"),
            Stage("block3", "block3"),
            Stage("penultimate", "dense", "vector"),
            Stage("logits", "classifier", "vector"),
        ),
        _whole_image(150),
        min_image_size=22,
    ),
)
