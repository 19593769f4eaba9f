"""What an editor uploaded to be taken in, from the step that shows what it would change to the step that changes it.

The second step may reach another server, so the file is in the database: as a session of its own, which nobody logs in
by and which ends after an hour. The form names it with a signature for one editor, one table and one format."""

from base64 import b64decode, b64encode
from io import BytesIO, TextIOWrapper

from django import forms
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from import_export.forms import ConfirmImportForm
from import_export.tmp_storages import BaseStorage

LASTING = 3600  # seconds
FILE = "import"  # where its session has the file
GONE = "This file is not here, or no longer: upload it again."


class Gone(Exception):
    """There is no such file, for it was taken in, or its time is over."""


class DatabaseStorage(BaseStorage):
    """Keeps an uploaded file, as the library asks for it, where all servers find it."""

    def save(self, data: bytes):
        SessionStore.clear_expired()  # nobody else does
        kept = SessionStore()
        kept[FILE] = b64encode(data).decode()
        kept.set_expiry(LASTING)
        kept.create()
        self.name = kept.session_key

    def read(self) -> str | bytes:
        kept = SessionStore(self.name).get(FILE)
        if kept is None:
            raise Gone
        data = b64decode(kept)
        return data if "b" in self.read_mode else TextIOWrapper(BytesIO(data), self.encoding).read()

    def remove(self):
        SessionStore(self.name).delete()


class Confirmation(ConfirmImportForm):
    """The form of the second step, which goes by a name that the first step gave to the same editor."""

    def __init__(self, *args, signer: signing.Signer, **kwargs):
        super().__init__(*args, **kwargs)
        self.signer = signer

    def clean_import_file_name(self):
        return self.cleaned_data["import_file_name"]

    def clean(self):
        told = {name: self.cleaned_data.get(name, "") for name in ("import_file_name", "format")}
        try:
            name, kind = self.signer.unsign_object(told["import_file_name"])
        except signing.BadSignature:
            raise forms.ValidationError(GONE) from None
        if kind != told["format"]:
            raise forms.ValidationError(GONE)
        return self.cleaned_data | {"import_file_name": name}
