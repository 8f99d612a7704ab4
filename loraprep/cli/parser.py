"""The command line's parser: its faults are UserErrors, in loraprep's words."""

from __future__ import annotations

import argparse
from typing import NoReturn

from loraprep.core.errors import UNUSABLE, UserError


class Parser(argparse.ArgumentParser):
    """Raises UserError (exit code 3) where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError."""
        raise UserError(message, hint=f"{self.prog} --help lists the flags.", exit_code=UNUSABLE)
