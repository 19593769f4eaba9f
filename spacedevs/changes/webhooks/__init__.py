"""Webhooks by the Standard Webhooks specification: messages about changed records to servers that subscribed.

A subscription follows the change log by a position of its own. `queueing` turns changes into stored deliveries and
moves the position in the same transaction, so a crash neither loses nor repeats one. `sending` sends the deliveries
of a subscription one after the other, each until its receiver has confirmed it: at least once, with the same id."""
