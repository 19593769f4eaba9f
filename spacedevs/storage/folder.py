"""A folder as a place for pictures: a file is there as a whole, or not at all."""

import os
import secrets
from contextlib import suppress

from django.core.files.storage import FileSystemStorage


class Folder(FileSystemStorage):
    """Files that are written aside and then put in place, so that none is cut short by a full disk or a power cut."""

    def _save(self, name, content):
        aside = f"{name}.{secrets.token_hex(4)}.part"
        try:
            super()._save(aside, content)
            os.replace(self.path(aside), self.path(name))
        except OSError:
            with suppress(OSError):
                self.delete(aside)
            raise
        return name
