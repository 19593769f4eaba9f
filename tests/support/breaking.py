"""Runs a command of manage.py, and sends itself a signal on the way:

python -m tests.support.breaking SIGKILL statement 'INSERT INTO "launches' prepare --empty
python -m tests.support.breaking SIGINT module launches.models prepare

before the first statement that holds this, or that has this number, or before a module is imported. At its end it
says how many statements there were."""

import os
import runpy
import signal
import sys

from django.db.backends.signals import connection_created


class Statements:
    """A wrapper around each statement."""

    def __init__(self, sent, where):
        self.sent, self.where, self.number = sent, where, 0
        connection_created.connect(self.watch)

    def watch(self, connection, **kwargs):
        connection.execute_wrappers.append(self.count)

    def count(self, execute, statement, *arguments):
        self.number += 1
        if self.where and (self.where in statement or self.where == str(self.number)):
            self.where = ""
            os.kill(os.getpid(), self.sent)
        return execute(statement, *arguments)


class Modules:
    """A finder before all others."""

    number = 0

    def __init__(self, sent, where):
        self.sent, self.where = sent, where
        sys.meta_path.insert(0, self)

    def find_spec(self, name, path=None, target=None):
        if name == self.where:
            os.kill(os.getpid(), self.sent)


if __name__ == "__main__":
    _, name, kind, where, *command = sys.argv
    watcher = {"statement": Statements, "module": Modules}[kind](signal.Signals[name], where)
    sys.argv = ["manage.py", *command]
    try:
        runpy.run_path("manage.py", run_name="__main__")
    finally:
        print(f"{watcher.number} statements")
