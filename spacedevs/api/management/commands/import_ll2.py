import json
from collections import defaultdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from spacedevs.api.batches import Refused
from spacedevs.api.ingest import ingest
from spacedevs.api.representations import components, name_of


def not_a_number(constant):
    raise ValueError(f"{constant} is no JSON")


def read(path) -> object:
    """The JSON of a file; a CommandError that says what is wrong with it."""
    try:
        return json.loads(Path(path).read_text("utf-8-sig"), parse_constant=not_a_number)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=2) from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path}: is no JSON: {error}", returncode=2) from error


class Command(BaseCommand):
    help = "Takes in recorded answers of Launch Library 2: a record, an array of records or a list page."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--component", help="What the records are, as 'Orbit', where they do not tell.")

    def handle(self, *args, files, component, **options):
        if component and component not in map(name_of, components()):
            raise CommandError(f"There is no component {component!r}.", returncode=2)
        try:
            outcome = ingest([(path, read(path)) for path in files], component)
        except Refused as refused:
            raise CommandError(f"Nothing was written.\n{refused}", returncode=2) from refused
        for (kind, name), count in sorted(outcome.unknown.items()):
            self.stderr.write(f"{kind}.{name} is unknown here and was left out ({count} times).")
        table = defaultdict(dict)
        for (kind, fate), count in outcome.rows.items():
            table[kind][fate] = count
        width = max(map(len, table), default=0)
        for kind, fates in sorted(table.items()):
            said = ", ".join(f"{count} {fate}" for fate, count in fates.items() if count)
            self.stdout.write(f"{kind:{width}}  {said}")
        if not table:
            self.stdout.write("There was nothing to take in.")
