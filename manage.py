#!/usr/bin/env python
import gc
import os
import sys

from spacedevs import interrupts

if __name__ == "__main__":  # not in a process that serve has spawned
    interrupts.end_at_once(sys.argv[1] if sys.argv[1:] else "manage.py")
    if sys.argv[1:2] == ["serve"]:
        gc.set_threshold(5_000)  # until it serves: what it loads stays
    from spacedevs.operations.cli_errors import run  # imports take a while

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spacedevs.settings")
    run(sys.argv)
