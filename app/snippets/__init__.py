"""Code for the token at hand: one file of `libraries/` is one library, and every line of it has been run or is said not to have been."""

from app.snippets.facts import KEY_FORMS, Facts, KeyForm
from app.snippets.languages import LANGUAGES, Language
from app.snippets.library import Library, libraries
from app.snippets.rendering import Action, Snippet, render
from app.snippets.results import Outcome, Result, results

__all__ = [
    "KEY_FORMS",
    "LANGUAGES",
    "Action",
    "Facts",
    "KeyForm",
    "Language",
    "Library",
    "Outcome",
    "Result",
    "Snippet",
    "libraries",
    "render",
    "results",
]
