"""Types that the tests of comparisons share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Photos = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]
