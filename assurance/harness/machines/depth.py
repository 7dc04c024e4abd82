"""How much longer than by default property tests run: the environment variable `DATADAO_DEPTH`, 1 unless set."""

from __future__ import annotations

import os

DEPTH = int(os.environ.get("DATADAO_DEPTH", "1"))
