"""Storage of images in an S3 bucket."""

from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

# An editor waits for it: at most 23 s for a file, while boto's defaults add up to minutes.
PATIENCE = Config(connect_timeout=3, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 2})


@contextmanager
def as_of_a_disk():
    """Raises OSError for any failure, as the storage in a folder does."""
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise OSError(f"the bucket fails: {error}") from error


class Bucket(S3Storage):
    """Files in a bucket, with timeouts of seconds."""

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
