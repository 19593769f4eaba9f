from spacedevs.api.parts import previous, upcoming

UPCOMING, PREVIOUS = upcoming("net"), previous("net")
