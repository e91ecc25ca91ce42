"""The jwtlens command: one file a verb, and each is loaded when somebody asks for it."""

from app.cli.command import main as main
