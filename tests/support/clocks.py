"""Holds the current minute, so that running totals do not change between two compared responses."""

from spacedevs.db import clock


def hold_minute(moment):
    """Holds this minute until another one is held or the process ends."""
    from spacedevs.api.render_plan.plan import limited_plan, whole_plan  # noqa: PLC0415 - it needs the apps to be loaded

    text = f"{moment:%Y-%m-%d %H:%M}:00"
    clock.MINUTE.update(postgresql=f"'{text}+00'::timestamptz", sqlite=f"'{text}'")
    for plans in (whole_plan, limited_plan):
        plans.cache_clear()  # whose statements contain the previous minute
    return moment.replace(second=0, microsecond=0)
