#!/usr/bin/env python3
"""Tells the figures of an e-mail experiment in Hillstrom's shape as statsmodels computes them from its rows.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python3 scripts/reference/hillstrom.py examples/hillstrom/fixture/hillstrom.csv > examples/hillstrom/fixture/figures.json
"""

import csv
import gzip
import json
import sys

import numpy as np
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW


def main():
    path = sys.argv[1]
    opener = gzip.open if path.endswith(".gz") else open
    rows = list(csv.DictReader(opener(path, "rt", encoding="utf-8", newline="")))
    mens, none = ([row for row in rows if row["segment"] == name] for name in ("Mens E-Mail", "No E-Mail"))
    (a, n), (b, m) = ((sum(float(row["spend"]) > 0 for row in arm), len(arm)) for arm in (mens, none))
    low, high = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")
    x, y = (np.array([float(row["spend"]) for row in arm]) for arm in (mens, none))
    spend = CompareMeans(DescrStatsW(x), DescrStatsW(y)).tconfint_diff(usevar="unequal")
    print(json.dumps({
        "conversion difference": f"{a / n - b / m:+.6f}",
        "conversion interval": f"[{low:.6f}, {high:.6f}]",
        "spend per head difference": f"{x.mean() - y.mean():+.5f}",
        "spend per head interval": f"[{spend[0]:.5f}, {spend[1]:.5f}]",
        "incremental revenue": f"{(x.mean() - y.mean()) * n:,.2f}",
    }, indent=2))


if __name__ == "__main__":
    main()
