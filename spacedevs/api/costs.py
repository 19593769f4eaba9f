"""What an answer cost: for the staff, who see it on the page."""

from time import perf_counter


class Cost:
    """Counts the statements that go through it, as a wrapper of Django's, and the time from when it was made."""

    def __init__(self):
        self.statements, self.began = 0, perf_counter()

    def __call__(self, execute, sql, parameters, many, context):
        self.statements += 1
        return execute(sql, parameters, many, context)

    def end(self):
        self.milliseconds = (perf_counter() - self.began) * 1000
