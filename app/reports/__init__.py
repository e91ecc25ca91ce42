"""What every door tells of a token: the facts for programs, and the statements of the verdict for people."""
