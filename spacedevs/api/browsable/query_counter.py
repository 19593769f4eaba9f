"""What an answer cost: for the staff, who see it on the page."""

from time import perf_counter


class Cost:
    """The statements that went through it, and the time from when it was made until it ended."""

    def __init__(self):
        self.statements, self.began = 0, perf_counter()

    def count(self, execute, sql, parameters, many, context):
        """A wrapper of statements, as Django has them."""
        self.statements += 1
        return execute(sql, parameters, many, context)

    def end(self):
        self.milliseconds = (perf_counter() - self.began) * 1000
