"""Everything hybridml raises or warns with, in one tree.

::

    HybridMLError
    ├── DataError(ValueError)               the images or labels cannot be used
    │   └── ImageDecodeError                some images cannot be decoded
    ├── UnknownNameError(ValueError)        a name that is not in its list
    │   ├── UnknownBackboneError
    │   ├── UnknownCutLayerError
    │   └── UnknownHeadError
    ├── InvalidParameterError(ValueError)   one or more parameters, all named
    ├── ModelError(ValueError)              a saved model is damaged, or not trusted
    ├── DivergedError(ArithmeticError)      training met a loss that is no number
    ├── TrackingError(ConnectionError)      a journal cannot be sent to its store
    └── WeightsError(ValueError)            weights missing, unreadable or unfitting
    HybridMLWarning(UserWarning)
    ├── CacheWarning                        fine-tuning does not keep frozen outputs
    ├── ModalityWarning                     a modality is missing where it need not be
    ├── PrecisionWarning                    fell back to float32
    ├── StoreWarning                        the feature store is out of use
    ├── TrackingWarning                     the tracking server is out of reach
    └── TrainingWarning                     training was cut short, or has less memory
"""

from __future__ import annotations


class HybridMLError(Exception):
    """Base of every error that hybridml raises on purpose."""


class DataError(HybridMLError, ValueError):
    """The images, the labels or their combination cannot be used."""


class ImageDecodeError(DataError):
    """One or more images cannot be decoded.

    Attributes
    ----------
    failures : dict of {int: str}
        Position of each bad image in the input, with the reason.
    """

    def __init__(self, message: str, failures: dict[int, str] | None = None) -> None:
        super().__init__(message)
        self.failures = failures or {}

    def __reduce__(self) -> tuple[type[ImageDecodeError], tuple[str, dict[int, str]]]:
        return type(self), (str(self), self.failures)


class UnknownNameError(HybridMLError, ValueError):
    """A name that is not in the list it should come from."""


class UnknownBackboneError(UnknownNameError):
    """No backbone is registered under this name."""


class UnknownCutLayerError(UnknownNameError):
    """The backbone has neither a stage nor a graph node of this name."""


class UnknownHeadError(UnknownNameError):
    """No head is known under this name."""


class InvalidParameterError(HybridMLError, ValueError):
    """One or more parameters have a wrong value; the message names all of them."""


class ModelError(HybridMLError, ValueError):
    """A model cannot be saved without code, or a saved one must not be loaded."""


class FusingError(HybridMLError, ValueError):
    """An estimator cannot be made one module of network and linear head."""


class DivergedError(HybridMLError, ArithmeticError):
    """Training met a loss that is not a finite number.

    Attributes
    ----------
    best_epoch : int or None
        Whose state the estimator has; None where it has none.
    """

    best_epoch: int | None = None


class TrackingError(HybridMLError, ConnectionError):
    """A journal cannot be sent to its store; it is kept."""


class WeightsError(HybridMLError, ValueError):
    """Weights that are missing, cannot be read or do not fit the backbone."""


class HybridMLWarning(UserWarning):
    """Base of every warning that hybridml gives."""


class CacheWarning(HybridMLWarning):
    """What frozen layers give cannot be kept; it is computed again in every epoch."""


class ModalityWarning(HybridMLWarning):
    """A modality cannot be read in some rows; it counts as missing there."""


class PrecisionWarning(HybridMLWarning):
    """The network cannot run in the precision asked for; float32 is used."""


class StoreWarning(HybridMLWarning):
    """The feature store cannot be used as asked; the work goes on without it."""


class TrackingWarning(HybridMLWarning):
    """The tracking server cannot be reached; the work goes on, and fills a journal."""


class TrainingWarning(HybridMLWarning):
    """Training was interrupted, has less memory, or a checkpoint cannot be read."""
