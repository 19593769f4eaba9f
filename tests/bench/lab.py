"""Where the goals are measured: one database engine, the processes that use it, and how the sides are compared."""

import json
from contextlib import ExitStack, closing
from functools import cached_property, partial
from time import time

from .measure import Wrong, duel
from .process import Process

SECONDS = 1  # of one batch
TOLD = {"STATISTICS": "imported"}  # the rows are made up, and their figures with them
UNCACHED = TOLD | {"SPACEDEVS_RESPONSE_CACHE_MB": "0"}
VARIANTS = {
    "ours": UNCACHED,
    "cached": TOLD,
    "derived": UNCACHED | {"STATISTICS": "derived"},
    "plain DRF": UNCACHED | {"BENCH_URLCONF": "tests.bench.reference"},
    "icontains": UNCACHED | {"BENCH_URLCONF": "tests.bench.icontains"},
}


def agree(ours, theirs):
    """Whether two say the same; they are asked again where a minute ended between them, for then figures run on."""
    for _ in range(2):
        minute = time() // 60
        if (same := ours() == theirs()) or time() // 60 == minute:
            break
    return same


class Lab:
    """The databases of one engine, and a process for each variant of each, started when it is first needed."""

    def __init__(self, engine, rounds):
        self.make_engine, self.rounds = engine, rounds
        self.stack, self.urls, self.processes = ExitStack(), {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stack.close()

    @cached_property
    def engine(self):
        return self.make_engine()

    def url(self, scale="1x"):
        if scale not in self.urls:
            self.urls[scale] = self.engine.url(scale)
        return self.urls[scale]

    def call(self, variant, scale, name, *arguments):
        """What a function of this package says in the process of a variant."""
        if (variant, scale) not in self.processes:
            process = Process({"DATABASE_URL": self.url(scale)} | VARIANTS[variant])
            self.processes[variant, scale] = self.stack.enter_context(closing(process))
        return self.processes[variant, scale].call(name, *arguments)

    def body(self, variant, scale, address):
        status, _, body = self.call(variant, scale, "inside.get", address)
        if status != 200:
            raise Wrong(f"{variant} answers {status} to {address}")
        return json.loads(body)

    def timed(self, variant, scale, *addresses):
        """A batch of requests, after one that is not counted."""
        for address in addresses:
            self.body(variant, scale, address)
        return partial(self.call, variant, scale, "inside.time", addresses, SECONDS)

    def compare_bodies(self, other, *addresses, scale="1x", ours="ours"):
        for address in addresses:
            if not agree(partial(self.body, ours, scale, address), partial(self.body, other, scale, address)):
                raise Wrong(f"not what {other} answers to {address}")

    def compare(self, other, *addresses, scale="1x"):
        """Ours against another variant that must answer the same."""
        self.compare_bodies(other, *addresses, scale=scale)
        return self.duel(self.timed("ours", scale, *addresses), self.timed(other, scale, *addresses))

    def duel(self, ours, theirs):
        return duel(ours, theirs, self.rounds)
