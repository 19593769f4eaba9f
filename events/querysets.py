from spacedevs.db.subsets import previous, upcoming

UPCOMING, PREVIOUS = upcoming("date"), previous("date")
