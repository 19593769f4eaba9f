"""The server keeps to its own document, whatever is asked of it: what the document allows, and what it does not."""

import json
import sys
from pathlib import Path

import pytest

from tests.support.routes import RESOURCES

from .conftest import run

pytestmark = pytest.mark.clients

# Every value that covers something of a parameter, and some combinations at random: the same ones in each run.
CONFIG = """
seed = 1
[generation]
mode = "{mode}"
max-examples = 5
database = "none"
[phases]
examples.enabled = false
stateful.enabled = false
[checks]
enabled = false
not_a_server_error.enabled = true
response_schema_conformance.enabled = true
response_headers_conformance.enabled = true
content_type_conformance.enabled = true
"""
SUITABLE = """
[warnings]
fail-on = ["missing_test_data"]
"""
DETAIL = """
[[operations]]
include-path = "{path}{{id}}/"
parameters = {{ id = {key} }}
"""


# Bad values need not be refused: like upstream we let some of them pass, as an offset that is none.
@pytest.fixture(params=["positive", "negative"])
def config(request, folder, served):
    """What is generated and checked; a detail is asked for of a row that there is."""
    paths = [f"/2.3.0/{prefix}/" for prefix in RESOURCES]
    details = [DETAIL.format(path=path, key=json.dumps(served.keys(path)[0])) for path in paths]
    written = folder / "schemathesis.toml"
    is_suitable = request.param == "positive"
    written.write_text("".join([CONFIG.format(mode=request.param), SUITABLE * is_suitable, *details]))
    return written


def test_no_answer_is_a_fault_or_of_another_shape(config, openapi, served, document):
    tool = Path(sys.executable).with_name("schemathesis")
    asked = ["--config-file", config, "run", openapi, "--url", served.address, "--workers", "2", "--no-color"]
    said = run(tool, *asked, "--continue-on-failure", folder=config.parent)
    assert f"Tested: {len(document['paths'])}\n" in said
