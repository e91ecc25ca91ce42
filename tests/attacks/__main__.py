"""`python -m tests.attacks` writes the ledger into SECURITY.md."""

from tests.attacks.ledger import ROOT, renewed

if __name__ == "__main__":
    path = ROOT / "SECURITY.md"
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")
