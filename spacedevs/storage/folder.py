"""Storage of images in a folder, with atomic writes."""

import os
import secrets
from contextlib import suppress

from django.core.files.storage import FileSystemStorage


class Folder(FileSystemStorage):
    """Writes files atomically, so that a full disk or a power cut leaves no partial file."""

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
