"""So is every record where nothing but recorded answers is known, of which some show little of their rows."""

import json

import pytest
from django.core.management import call_command

from spacedevs.api.schema import Generator
from tests.support.held import Held


@pytest.mark.django_db
def test_every_record_of_recorded_answers_is_what_the_document_says(shared):
    files = json.loads((shared / "golden" / "index.json").read_text("utf-8"))
    call_command("import_ll2", *[str(shared / "golden" / each["file"]) for each in files], verbosity=0)
    held = Held(Generator().get_schema())
    held.everything()
    assert held.problems == []
