"""Uploaded files of imports, from the step that shows the changes to the step that saves them.

The second step may reach another server, so the file is stored in the database, in a session of its own that expires
after an hour and cannot log in anybody. The form names it with a signature for one editor, table and format."""

from base64 import b64decode, b64encode
from io import BytesIO, TextIOWrapper

from django import forms
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from import_export.forms import ConfirmImportForm
from import_export.tmp_storages import BaseStorage

LASTING = 3600  # seconds
FILE = "import"  # the key of the file in its session
GONE = "This upload does not exist or has expired: upload the file again."


class Gone(Exception):
    """The file does not exist: it was imported already, or it has expired."""


class DatabaseStorage(BaseStorage):
    """Stores an uploaded file, with the interface of the library, where all servers find it."""

    def save(self, data: bytes):
        SessionStore.clear_expired()  # the library does not
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
    """The form of the second step, with the signed name from the first step of the same editor."""

    def __init__(self, *args, signer: signing.Signer, **kwargs):
        super().__init__(*args, **kwargs)
        self.signer = signer

    def clean_import_file_name(self):
        return self.cleaned_data["import_file_name"]

    def clean(self):
        submitted = {name: self.cleaned_data.get(name, "") for name in ("import_file_name", "format")}
        try:
            name, kind = self.signer.unsign_object(submitted["import_file_name"])
        except signing.BadSignature:
            raise forms.ValidationError(GONE) from None
        if kind != submitted["format"]:
            raise forms.ValidationError(GONE)
        return self.cleaned_data | {"import_file_name": name}
