"""``python -m hybridml`` is the command ``hybridml``."""

from __future__ import annotations

from hybridml.cli import main

if __name__ == "__main__":
    main()
