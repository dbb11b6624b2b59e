#!/usr/bin/env python3
"""Writes the expected values that the standard plugins are tested against.

    python3.11 -m venv venv && venv/bin/pip install -r plugins/parity/requirements.txt
    venv/bin/python plugins/parity/make_expected.py [PLUGIN...]

The data of each case go into the files too, so the tests need no Python. `cases` has one file for each plugin;
`requirements.txt` names the versions behind what is committed, and others are refused.
"""

import os

# Before they are loaded: nobody need be told.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ["DO_NOT_TRACK"] = "1"

import importlib
import sys
from importlib.metadata import version

import tails
from tables import ROOT, write

PARITY = ROOT / "parity"


def check_versions():
    """Ends the script when a package is not of the pinned version."""
    for line in (PARITY / "requirements.txt").read_text().split():
        package, wanted = line.split("==")
        if version(package) != wanted:
            sys.exit(f"{package} is {version(package)}: pip install -r plugins/parity/requirements.txt")


def main():
    """All files, or those of the named plugins."""
    check_versions()
    wanted = sys.argv[1:]
    values = 0
    for path in sorted((PARITY / "cases").glob("*.py")):
        plugin = path.stem.replace("_", "-")
        if not wanted or plugin in wanted:
            values += write(f"{plugin}/tests/expected.json", list(importlib.import_module(f"cases.{path.stem}").cases()))
    if not wanted:
        for table in [tails.one_sample, tails.two_sample, tails.special]:
            write(f"numerics/tests/{table.__name__}.json", list(table()))
    print(values, "expected values of plugins")


main()
