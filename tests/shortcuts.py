"""What the machine need not do for tests: nobody pulls its plug, and nobody outside it is spoken to."""

import os
import ssl
from typing import Any


def take() -> None:
    """In this process and its forks, files are not forced onto the disk, and HTTP clients read no certificates.

    The second costs a tenth of a second for each client, though all of them talk to a server of our own without TLS.
    """
    os.fsync = _nothing  # type: ignore[assignment]
    ssl.SSLContext.load_verify_locations = _nothing  # type: ignore[assignment, method-assign]


def _nothing(*_: Any, **__: Any) -> None:
    pass
