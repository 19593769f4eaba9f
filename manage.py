#!/usr/bin/env python
import os
import sys

from spacedevs.operations.commands import run

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
    run(sys.argv)
