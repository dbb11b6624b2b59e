"""Real flights of January to June 2001 with a model's probability that each is late, from the repository's sample."""

from pathlib import Path

import pandas as pd

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "flights" / "flights-sample.parquet"


def flights(rows=250):
    """Some rows of the last days and of the first: the window and its reference."""
    data = pd.read_parquet(SAMPLE).sort_values("time", kind="stable").reset_index(drop=True)
    every = lambda part: part.iloc[:: max(1, len(part) // rows)].head(rows).reset_index(drop=True)
    return every(data.tail(6_000)), every(data.head(6_000))
