"""Pages for people: the start page, and lists and records of what flies. Those of stations are in docking/pages."""
