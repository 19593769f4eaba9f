"""How fast the server is, held against what it should be: python3 dev.py bench."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
