"""A backup that is damaged, or a restore that is broken off, changes nothing."""

import gc
import gzip
import io
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import traceback
import warnings
from contextlib import closing, nullcontext
from hashlib import sha256
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from agencies.models import AgencyType
from spacedevs.db import dataset_version
from spacedevs.operations.backup import archives, backups, databases

pytestmark = pytest.mark.django_db(transaction=True)
sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="is about SQLite")
NEW = ["before"], {"image/a.png": b"a picture"}  # what is in the backup


@pytest.fixture
def good(system, settings, tmp_path):
    """A backup, after which a row and a picture have come, and another picture has gone."""
    picture, file = settings.MEDIA_ROOT / "image" / "a.png", tmp_path / "backup.tar.gz"
    AgencyType.objects.create(name="before")
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    call_command("backup", file, stdout=io.StringIO())
    AgencyType.objects.create(name="later")
    picture.rename(picture.with_name("later.png"))
    return file


@pytest.fixture
def on_disk(system, tmp_path):
    """SQLite's database in a file, which several may open; that of the tests is in memory."""
    if connection.vendor != "sqlite":
        return nullcontext()
    with closing(sqlite3.connect(tmp_path / "live")) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")
    return databases.connected_to(tmp_path / "live")


def state():
    """The version of the data, which of them are there, and the pictures."""
    names = sorted(AgencyType.objects.values_list("name", flat=True))
    pictures = {name: path.read_bytes() for name, path in archives.files_of(backups.settings.MEDIA_ROOT).items()}
    return dataset_version.current(), names, pictures


def restore(file):
    call_command("restore", file, replace=True, stdout=io.StringIO())


def refused(file) -> str:
    """What is said, in one line and with status 2."""
    with pytest.raises(CommandError) as caught:
        restore(file)
    assert (caught.value.returncode, "\n" in str(caught.value)) == (2, False), str(caught.value)
    return str(caught.value)


def test_any_bit_that_flipped_is_noticed_and_changes_nothing(good):
    before, whole, random = state(), good.read_bytes(), Random(16)  # noqa: S311 - the same each time
    for place in (*range(20), *random.sample(range(20, len(whole)), 180)):  # gzip's header is not read to the last bit
        damaged = bytearray(whole)
        damaged[place] ^= 1 << random.randrange(8)
        good.write_bytes(damaged)
        refused(good)
    assert state() == before
    assert sorted(path.name for path in good.parent.iterdir()) == ["backup.tar.gz", "media"]
    good.write_bytes(whole)
    restore(good)
    assert state()[1:] == NEW


def test_a_backup_that_ends_too_early_changes_nothing(good):
    before, whole = state(), good.read_bytes()
    cuts = [len(whole) * tenth // 10 for tenth in range(10)]
    for end in (*cuts, -1, -8, -90, -100):  # the last ones within what stands at the end of all
        good.write_bytes(whole[:end])
        refused(good)
    assert state() == before


# Members that are not as they should be ----------------------------------------------------------


def members(file) -> dict:
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def packed(file, found, digests=True, kinds=(), how="w"):
    """Writes a tar of these members, with digests that are right or of what was there before."""
    if digests and "digests.json" in found:
        proven = {name: sha256(content).hexdigest() for name, content in found.items() if name != "digests.json"}
        found = found | {"digests.json": json.dumps(proven).encode()}
    with tarfile.open(file, how) as tar:
        for name, content in found.items():
            info = tarfile.TarInfo(name.removesuffix(" again"))
            info.size, info.type = len(content), dict(kinds).get(name, tarfile.REGTYPE)
            info.linkname = "media/image/a.png" if info.type != tarfile.REGTYPE else ""
            tar.addfile(info, io.BytesIO(content))


def without(name):
    return lambda found: found.pop(name)


def emptied(name):
    return lambda found: found.update({name: b""})


def flipped(found):
    found["database"] = found["database"][:-100] + bytes([found["database"][-100] ^ 1]) + found["database"][-99:]


def begun_otherwise(found):
    about = found.pop("backup.json")
    found["backup.json"] = about


FAULTS = [  # what happens to the members of a backup, and what is said of it
    (without("backup.json"), "it begins with database instead of backup.json"),
    (without("database"), "it has no database|database is missing"),
    (without("digests.json"), "it has no digests.json"),
    (without("media/image/a.png"), "media/image/a.png is missing"),
    (emptied("backup.json"), "Expecting value"),
    (emptied("database"), "database is empty"),
    (emptied("digests.json"), "Expecting value"),
    (emptied("media/image/a.png"), "media/image/a.png is damaged"),
    (flipped, "database is damaged"),
    (lambda found: found.update({"database again": b"x"}), "it contains database twice"),
    (lambda found: found.update(more=b"x"), "it contains more, which does not belong to a backup"),
    (lambda found: found.update({"media/b": b"x"}), "media/b is no part of it"),
    (lambda found: found.update({"media/../../x": b"x"}), "is a path outside of the archive"),
    (begun_otherwise, "it begins with database instead of backup.json"),
    (lambda found: found.update({"backup.json": b"[]"}), "lacks required keys"),
    (dict.clear, "empty file|it has no backup.json"),
]


def test_a_member_that_is_not_as_it_was_written_is_named(good):
    before, whole = state(), members(good)
    for change, complaint in FAULTS:
        found = dict(whole)
        change(found)
        packed(good, found, digests=False)
        assert re.search(complaint, refused(good))
    assert state() == before


def test_a_member_that_is_no_file_is_refused(good):
    before, found = state(), members(good)
    for name in found:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            packed(good, found | {name: b""}, digests=False, kinds={name: kind})
            assert re.search(f"{name} is (not a regular file|missing)", refused(good))
    assert state() == before


def test_what_is_no_backup_is_refused(good):
    before = state()
    for content in (b"", b"nothing of the kind", gzip.compress(b"nothing of the kind"), bytes(10240)):
        good.write_bytes(content)
        assert "is not a backup" in refused(good)
    assert state() == before


# Of a maker that failed, or an earlier release ---------------------------------------------------


def told(found, **changes):
    return found | {"backup.json": json.dumps(json.loads(found["backup.json"]) | changes).encode()}


def test_a_database_that_lacks_rows_is_refused(good):
    before, found = state(), members(good)
    packed(good, told(found, rows={"agencies_agencytype": 77}))
    assert "its database has 1 row of agencies_agencytype, not 77" in refused(good)
    assert state() == before


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        ({"rows": {"agencies_unheard_of": 0}}, "its database lacks the table agencies_unheard_of"),
        ({"migrations": ["elsewhere.0001_initial"]}, "its database lacks the migration elsewhere.0001_initial"),
    ],
)
def test_a_database_that_lacks_a_table_or_a_migration_is_refused(claim, complaint):
    with pytest.raises(archives.Damaged, match=complaint):
        backups.refuse_what_lacks(backups.describe() | claim)


@sqlite
def test_an_sqlite_file_that_is_malformed_or_of_somebody_else_is_refused(good, tmp_path):
    before, found = state(), members(good)
    page = 4096
    torn = found["database"][: 5 * page] + b"\xff" * page * 20 + found["database"][25 * page :]
    with closing(sqlite3.connect(tmp_path / "other")) as other:
        other.execute("CREATE TABLE x (y)")
    other = (tmp_path / "other").read_bytes()
    for content, complaint in (
        (torn, "malformed|page"),
        (b"x" * page, "not a database"),
        (other, "lacks the migration"),
    ):
        packed(good, found | {"database": content})
        assert re.search(complaint, refused(good))
    assert state() == before


def of_format_1(found):
    about = json.loads(found["backup.json"])
    del about["rows"]
    old = {"backup.json": json.dumps(about | {"format": 1}).encode(), "database": found["database"]}
    return old | {"media": b"", "media/image": b"", "media/image/a.png": found["media/image/a.png"]}


def test_a_backup_of_format_1_is_restored(good):
    kinds = {"media": tarfile.DIRTYPE, "media/image": tarfile.DIRTYPE}
    packed(good, of_format_1(members(good)), kinds=kinds, how="w:gz")
    restore(good)
    assert state()[1:] == NEW


def test_a_backup_is_a_tar_that_any_program_reads_and_may_be_unpacked_to(good, tmp_path):
    if not shutil.which("gzip"):
        pytest.skip("needs gzip")
    plain = tmp_path / "backup.tar"
    plain.write_bytes(subprocess.run(["gzip", "-dc", good], check=True, capture_output=True).stdout)  # noqa: S607
    assert members(plain) == members(good)
    restore(plain)
    assert state()[1:] == NEW
    good.write_bytes(gzip.compress(plain.read_bytes()))
    assert "its digest is wrong" in refused(good)


def test_one_of_format_1_whose_database_is_none_changes_nothing(good):
    before, found = state(), of_format_1(members(good))
    del found["media"], found["media/image"], found["database"]
    for database in ({}, *({"database": content} for content in (b"", b"PGDMP", b"SQLite format 3\0"))):
        packed(good, found | database)
        with pytest.raises(CommandError):
            restore(good)
    assert state() == before


# Restores that are broken off --------------------------------------------------------------------


def test_what_fails_on_the_way_leaves_all_as_it_was(good, monkeypatch):
    before = state()

    def fail(*about):
        AgencyType.objects.create(name="seen by nobody")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "refuse_what_does_not_answer", fail)
    with pytest.raises(OSError, match="No space left"):
        restore(good)
    assert state() == before


def killed(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)


def killed_while_writing(source, overwrite=databases.SQLite.overwrite):
    """Ends the process as it writes the first byte that makes a file longer than this."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    overwrite(source)


def killed_while_loading(*command, stdout=None, run=databases.PostgreSQL.run):
    """Ends the process once the transaction is begun in which the dump is to be loaded."""
    return killed() if stdout else run(*command)


KILLED = {  # where a restore is killed, and which data it leaves: PostgreSQL has the new once they are loaded
    "once the archive is proven": (archives, "check", killed, "old"),
    "once its pictures are there": (backups, "engine", killed, "old"),
    "while SQLite writes": (databases.SQLite, "overwrite", killed_while_writing, "old"),
    "while PostgreSQL loads": (databases.PostgreSQL, "run", killed_while_loading, "old"),
    "once the copy is to answer": (backups, "refuse_what_does_not_answer", killed, None),
    "before empty folders go": (backups, "remove_empty", killed, "new"),
}


def in_a_process_of_its_own(action, *arguments) -> int:
    """The status of a process that does something and nothing else, or the signal that killed it, below 0."""
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads of this one are not needed there
        child = os.fork()
    if not child:
        try:
            action(*arguments)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_restore_that_is_killed_leaves_the_old_or_the_new(good, on_disk, monkeypatch):
    with on_disk:
        for moment, (where, name, killer, leaves) in KILLED.items():
            if isinstance(where, type) and where is not databases.engine():  # is about the other database
                continue
            AgencyType.objects.get_or_create(name="later")
            old = state()
            with monkeypatch.context() as patched:
                patched.setattr(where, name, killer)
                ended = in_a_process_of_its_own(restore, good)
            assert -ended in (signal.SIGKILL, signal.SIGXFSZ), moment
            _, names, pictures = state()
            kept = {"old": old[1:], "new": NEW}["old" if names == old[1] else "new"]
            assert (names, pictures) == (kept[0], pictures | kept[1]), moment
            assert leaves is None or names == {"old": old[1], "new": NEW[0]}[leaves], moment
            clear_up()
        restore(good)
        assert state()[1:] == NEW


def clear_up():
    """Looks whether SQLite is whole; drops what PostgreSQL keeps aside after a restore that was interrupted."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP SCHEMA IF EXISTS {databases.ASIDE} CASCADE")
        else:
            assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# Other processes ---------------------------------------------------------------------------------


@sqlite
def test_others_who_have_the_database_open_see_the_old_or_the_new(good, on_disk, tmp_path):
    ask = "SELECT count(*) FROM agencies_agencytype WHERE name = 'later'"
    with on_disk, closing(sqlite3.connect(tmp_path / "live", isolation_level=None)) as other:
        other.execute("BEGIN")
        seen = [other.execute(ask).fetchone()]
        restore(good)
        seen.append(other.execute(ask).fetchone())
        other.execute("COMMIT")
        seen.append(other.execute(ask).fetchone())
        other.execute("INSERT INTO agencies_agencytype (id, name) VALUES (77, 'of the other')")
        assert seen == [(1,), (1,), (0,)]
        assert AgencyType.objects.filter(name="of the other").exists()


@sqlite
def test_a_database_that_somebody_writes_to_is_left_alone(good, on_disk, tmp_path):
    with on_disk, closing(sqlite3.connect(tmp_path / "live", isolation_level=None)) as other:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout=0")
        before = state()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CommandError, match="Another process writes to the database: stop the server"):
            restore(good)
        other.execute("ROLLBACK")
        assert state() == before


@sqlite
def test_a_live_database_that_is_damaged_itself_is_told_in_a_line(good, tmp_path):
    (tmp_path / "live").write_bytes(b"x" * 8192)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        with databases.connected_to(tmp_path / "live"), pytest.raises(CommandError, match="file is not a database"):
            restore(good)
        gc.collect()  # Django does not close a connection whose first statement fails, as Python 3.13 would tell
    assert (tmp_path / "live").read_bytes() == b"x" * 8192
