"""The minute that figures run by, held: else two answers that are compared would differ when it ends between them."""

from spacedevs.db import clock


def hold_minute(moment):
    """Lets it be this minute until another is held, or for as long as the process lives."""
    from spacedevs.api.render_plan.plan import plan  # noqa: PLC0415 - it needs the apps to be loaded

    text = f"{moment:%Y-%m-%d %H:%M}:00"
    clock.MINUTE.update(postgresql=f"'{text}+00'::timestamptz", sqlite=f"'{text}'")
    plan.cache_clear()  # whose statements have the minute before in them
    return moment.replace(second=0, microsecond=0)
