#!/usr/bin/env python3
"""Makes src/campaigns/lift/reference.json: what scipy and statsmodels say of several hundred cases.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python3 scripts/reference/lift.py > src/campaigns/lift/reference.json

Welch's and CUPED's cases are lists of whole numbers; the reference is computed from the lists, not from their sums.
"""

import json
import math
import random

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import normal_power_het
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    power_proportions_2indep,
    proportions_ztest,
    samplesize_proportions_2indep_onetail,
)
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

random.seed(20261124)


def finite(number):
    number = float(number)
    return number if math.isfinite(number) else None


def proportions():
    pairs = [(0, 1, 0, 1), (1, 1, 0, 1), (1, 1, 1, 1), (0, 10, 0, 10), (10, 10, 10, 10), (10, 10, 0, 10), (0, 10, 10, 10),
             (0, 1_000_000, 1, 1_000_000), (1, 1, 999_999, 1_000_000), (267, 21_307, 122, 21_306), (189, 21_387, 122, 21_306),
             (500_000, 1_000_000, 499_000, 1_000_000), (3, 20_000_000, 9, 30_000_000), (1, 2, 0, 3_000_000)]
    while len(pairs) < 120:
        n, m = (int(10 ** random.uniform(0, 6)) for _ in range(2))
        p = random.choice([0.5, 0.1, 0.01, 0.001])
        pairs.append((np.random.default_rng(len(pairs)).binomial(n, p), n,
                      np.random.default_rng(1000 + len(pairs)).binomial(m, p * random.uniform(0.5, 1)), m))
    for a, n, b, m in pairs:
        a, b = int(a), int(b)
        for confidence in (0.95, 0.99, 1 - 0.05 / 20):
            low, high = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff", alpha=1 - confidence)
            case = {"treated": [a, n], "control": [b, m], "confidence": confidence, "low": low, "high": high}
            if 0 < a + b < n + m:
                z, p = proportions_ztest([a, b], [n, m])
                case |= {"z": z, "p": p}
            if a and b:
                if a == n and b == m:
                    low, high = 1, 1
                else:
                    low, high = confint_proportions_2indep(a, n, b, m, method="log", compare="ratio", alpha=1 - confidence)
                case |= {"ratio_low": low - 1, "ratio_high": high - 1}
            yield {name: value if isinstance(value, list) else finite(value) for name, value in case.items()}


def spends(rng, size, kind):
    buyers = rng.random(size) < {"rare": 0.02, "common": 0.4}.get(kind, 0.3)
    if kind == "huge":
        values = rng.integers(10**12, 10**13, size)
    elif kind == "close":
        return rng.integers(10**13, 10**13 + 5, size)
    elif kind == "same":
        return np.full(size, 25_800)
    else:
        values = np.rint(rng.lognormal(9, 1.5 if kind == "heavy" else 0.6, size)).astype(np.int64)
    return np.where(buyers, values, 0)


def means():
    kinds = ["common", "rare", "heavy", "huge", "close"]
    for number in range(100):
        rng = np.random.default_rng(number)
        kind = kinds[number % len(kinds)]
        sizes = [(2, 2), (2, 90), (40, 25), (20, 90), (60, 60)][number // len(kinds) % 5]
        treated, control = (spends(rng, size, kind) for size in sizes)
        if np.var(treated) + np.var(control) == 0:
            continue
        for confidence in (0.95, 0.9975):
            compared = CompareMeans(DescrStatsW(treated.astype(float)), DescrStatsW(control.astype(float)))
            low, high = compared.tconfint_diff(alpha=1 - confidence, usevar="unequal")
            yield {"treated": treated.tolist(), "control": control.tolist(), "confidence": confidence,
                   "difference": treated.mean() - control.mean(), "low": low, "high": high}


def cuped():
    for number in range(60):
        rng = np.random.default_rng(500 + number)
        arms = []
        for size in [(40, 40), (20, 60), (30, 20, 40)][number % 3]:
            before = spends(rng, size, ["common", "heavy", "huge"][number // 3 % 3])
            after = np.rint(before * rng.uniform(0, 0.6, size)).astype(np.int64) + spends(rng, size, "rare")
            arms.append((after, before))
        # The slope of the covariate in a regression with one mean for each arm.
        y = np.concatenate([after - after.mean() for after, _ in arms])
        x = np.concatenate([before - before.mean() for _, before in arms])
        slope = float(x @ y / (x @ x))
        (treated, control) = (after - slope * before for after, before in arms[:2])
        answer = stats.ttest_ind(treated, control, equal_var=False)
        interval = answer.confidence_interval(0.95)
        yield {"arms": [[after.tolist(), before.tolist()] for after, before in arms],
               "difference": treated.mean() - control.mean(), "low": interval.low, "high": interval.high}


def power():
    for rate in (0.001, 0.01, 0.05, 0.3, 0.7):
        for difference in (0.0005, 0.005, 0.05, 0.2):
            for treated, control in ((100, 100), (9_000, 1_000), (50_000, 50_000), (900_000, 100_000), (500, 20_000)):
                if rate + difference >= 1:
                    continue
                told = power_proportions_2indep(difference, rate, treated, ratio=control / treated, alpha=0.05)
                holdout = control / (treated + control)
                needed = samplesize_proportions_2indep_onetail(
                    difference, rate, 0.8, ratio=control / treated, alpha=0.025, alternative="larger")
                yield {"rate": rate, "difference": difference, "treated": treated, "control": control,
                       "power": told.power, "members": math.ceil(needed / (1 - holdout))}


def balance():
    for number in range(60):
        rng = np.random.default_rng(900 + number)
        weights = rng.integers(1, 100, rng.integers(2, 6)).astype(float)
        members = rng.multinomial(int(10 ** rng.uniform(1, 6)), weights / weights.sum())
        if number % 3 == 0:
            members[0] += int(members.sum() * 0.02)
        expected = members.sum() * weights / weights.sum()
        yield {"members": members.tolist(), "weights": weights.tolist(), "p": stats.chisquare(members, expected).pvalue}


def several():
    for number in range(20):
        rng = np.random.default_rng(1300 + number)
        values = (rng.random(number + 1) ** 3).tolist()
        yield {"p": values, "adjusted": multipletests(values, method="holm")[1].tolist()}


def student():
    for freedom in (1, 1.0001, 1.5, 2, 3.7, 10, 29.5, 100, 1e4, 1e6, 3e8):
        for confidence in (0.5, 0.9, 0.95, 0.99, 0.9975, 0.9999):
            yield {"freedom": freedom, "confidence": confidence, "reach": stats.t.ppf(1 - (1 - confidence) / 2, freedom)}


def main():
    assert normal_power_het  # what power_proportions_2indep goes by
    parts = {part.__name__: list(part()) for part in (proportions, means, cuped, power, balance, several, student)}
    lines = ["{"]
    for place, (name, cases) in enumerate(parts.items()):
        lines.append(f'"{name}": [')
        lines.append(",\n".join(json.dumps(case, separators=(",", ":")) for case in cases))
        lines.append("]" if place == len(parts) - 1 else "],")
    lines.append("}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
