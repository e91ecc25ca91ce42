"""An audit: every token in logs, HARs and dumps of any size is found, judged and counted; none is written down.

The door: `inputs.walk` finds files, `inputs.pieces` cuts them, `work.judged` judges a piece, `lanes` runs many of them at
once, `summary` counts, `sarif` and `page` tell it. What is said of a token is its place, its digest and what is against it.
"""
