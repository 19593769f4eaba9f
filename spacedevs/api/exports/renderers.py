"""The formats of exports: each writes records as bytes, some at a time, and holds no more than these."""

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO

import orjson
from rest_framework.renderers import BaseRenderer

from spacedevs.api.render_plan.compiled import as_json

Records = Iterable[list]  # rendered records, some at a time
EXCEL_EU = "excel-eu"
# A spreadsheet takes a text for a formula that begins so, also in the wide forms of East Asian keyboards. A number is
# none.
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
MARK = "\ufeff"  # by which spreadsheets know UTF-8


class ExportRenderer(BaseRenderer):
    """A format of exports."""

    charset = None
    is_whole = True  # it has all pages of a list

    @property
    def content_type(self) -> str:
        return self.media_type

    def parts(self, records: Records, export) -> Iterator[bytes]:
        """The bytes of an export."""
        raise NotImplementedError


class CsvRenderer(ExportRenderer):
    """A table as in RFC 4180; for spreadsheets of countries with a decimal comma, with semicolons and such commas."""

    media_type, format = "text/csv", "csv"
    content_type = "text/csv; charset=utf-8; header=present"

    def parts(self, records, export):
        is_eu = export.query.get("csv") == EXCEL_EU
        text = StringIO(MARK * is_eu, newline="")
        text.seek(0, 2)
        write = csv.writer(text, delimiter=";" if is_eu else ",").writerow
        write(column.name for column in export.columns)
        for some in records:
            for record in orjson.loads(as_json(some)):
                write(cell(column.value(record), is_eu) for column in export.columns)
            yield taken(text)
        yield taken(text)


def taken(text) -> bytes:
    """What has been written."""
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written


def cell(value, is_eu) -> str:
    """A value as text; one that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if FORMULA.match(value) and not NUMBER.fullmatch(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value).replace(".", ",") if is_eu else repr(value)


class JsonLinesRenderer(ExportRenderer):
    """A line of JSON for each record."""

    media_type, format = "application/x-ndjson", "jsonl"

    def parts(self, records, export):
        for some in records:
            yield b"".join(as_json(record) + b"\n" for record in some)


class GeoJsonRenderer(ExportRenderer):
    """Points on a map (RFC 7946), with the records as their properties; without coordinates a record has no point."""

    media_type, format = "application/geo+json", "geojson"
    shape = {  # as OpenAPI describes it
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        },
    }

    def parts(self, records, export):
        between = b'{"type":"FeatureCollection","features":['
        for some, places in zip(records, export.places(), strict=True):
            for record, (key, *position) in zip(some, places, strict=True):
                point = None if None in position else {"type": "Point", "coordinates": position}
                yield between + as_json({"type": "Feature", "id": key, "geometry": point, "properties": record})
                between = b","
        yield b"]}" if between == b"," else between + b"]}"
