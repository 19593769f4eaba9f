from spacedevs.api.parts import previous, upcoming

UPCOMING, PREVIOUS = upcoming("date"), previous("date")
