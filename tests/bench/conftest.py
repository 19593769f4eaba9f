from tests.support.world import sample, world  # noqa: F401 - fixtures
