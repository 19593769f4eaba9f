"""A bucket of whoever speaks S3, as a place for pictures."""

from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

# Somebody waits for it: at most 23 s for a file, where boto's own defaults come to minutes.
PATIENCE = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 2})


@contextmanager
def as_of_a_disk():
    """Has what goes wrong be an OSError, as it is where pictures are in a folder."""
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise OSError(f"the bucket fails: {error}") from error


class Bucket(S3Storage):
    """Files in a bucket that refuses or does not answer for seconds only."""

    def __init__(self, **settings):
        super().__init__(**{"client_config": PATIENCE, **settings})

    def _save(self, name, content):
        with as_of_a_disk():
            return super()._save(name, content)

    def exists(self, name):
        with as_of_a_disk():
            return super().exists(name)

    def delete(self, name):
        with as_of_a_disk():
            super().delete(name)
