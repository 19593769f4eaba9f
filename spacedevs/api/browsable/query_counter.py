"""The cost of a response, shown to staff on the page."""

from time import perf_counter


class Cost:
    """Counts statements, and measures the time from its creation to its end."""

    def __init__(self):
        self.statements, self.began = 0, perf_counter()

    def count(self, execute, sql, parameters, many, context):
        """Django's execute wrapper."""
        self.statements += 1
        return execute(sql, parameters, many, context)

    def end(self):
        self.milliseconds = (perf_counter() - self.began) * 1000
