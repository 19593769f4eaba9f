"""The set-up of an installation that others use: its files, its commands, and what happens when parts of it fail."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "production"
