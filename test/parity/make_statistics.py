"""Writes statistics.json: what scipy, statsmodels and scikit-learn compute, for test/statistics/parity.test.ts.

    pip install scipy statsmodels scikit-learn
    python test/parity/make_statistics.py
"""

import json
import pathlib

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import brentq
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

random = np.random.default_rng(14)


def distributions():
    return {
        "studentQuantile": [
            [p, degrees, stats.t.ppf(p, degrees)]
            for p in (0.001, 0.025, 0.3, 0.8, 0.975, 0.995, 0.99999)
            for degrees in (1, 2, 2.5, 4, 9, 30, 249, 1e5)
        ],
        "studentTail": [
            [t, degrees, stats.t.sf(t, degrees)] for t in (-3, -0.2, 0, 0.7, 2, 8, 40) for degrees in (1, 2, 5.5, 40, 1000)
        ],
        "normalQuantile": [[p, stats.norm.ppf(p)] for p in (1e-9, 0.025, 0.2, 0.5, 0.8, 0.975, 0.9999999)],
        "normalTail": [[z, stats.norm.sf(z)] for z in (-9, -1.3, 0, 0.4, 2.9, 3.1, 5, 12, 30)],
    }


def intervals():
    wilson = []
    for k, n in ((0, 1), (0, 250), (1, 29), (81, 263), (250, 250), (999, 1000)):
        for level in (0.9, 0.95, 0.99):
            wilson.append([k, n, level, *proportion_confint(k, n, alpha=1 - level, method="wilson")])
    seeds = []
    for k in (2, 3, 5, 10, 40):
        values = random.normal(0.4, 0.2, k)
        for level in (0.9, 0.95, 0.99):
            low, high = stats.t.interval(level, k - 1, loc=values.mean(), scale=stats.sem(values))
            seeds.append([values.tolist(), level, low, high])
    none = [[n, level, stats.beta.ppf(level, 1, n)] for n in (1, 3, 20, 250, 1000) for level in (0.9, 0.95, 0.99)]
    return {"wilson": wilson, "overSeeds": seeds, "ruleOfThree": none}


def mcnemars():
    rows = []
    for b, c in ((0, 0), (1, 7), (7, 1), (5, 5), (0, 30), (3, 19), (120, 80), (10, 240), (400, 520)):
        exact = mcnemar([[11, b], [c, 13]], exact=True).pvalue
        n, fewer = b + c, min(b, c)
        # Fagerland, Lydersen and Laake 2013, equation for the mid-p.
        half = stats.binom.pmf(fewer, n, 0.5)
        mid = 1 - half / 2 if b == c else 2 * stats.binom.cdf(fewer, n, 0.5) - half
        rows.append([b, c, float(exact), float(mid)])
    return rows


def clustered():
    rows = []
    for n, groups in ((12, 3), (60, 9), (50, 50), (40, 2)):
        clusters = (np.arange(n) % groups).tolist() if groups < n else list(range(n))
        values = random.normal(0.1, 0.3, n) + random.normal(0, 0.2, groups)[clusters]
        fit = sm.OLS(values, np.ones(n)).fit(
            cov_type="cluster", cov_kwds={"groups": np.array(clusters), "use_correction": True}, use_t=True
        )
        error = float(fit.bse[0])
        low, high = stats.t.interval(0.95, groups - 1, loc=values.mean(), scale=error)
        margin = 0.05
        p = stats.t.sf((values.mean() + margin) / error, groups - 1)
        rows.append(
            {
                "values": values.tolist(),
                "clusters": clusters,
                "mean": float(values.mean()),
                "error": error,
                "interval": [low, high],
                "margin": margin,
                "p": float(p),
            }
        )
    # Where each value is its own cluster, it is the usual paired test.
    values = np.array(rows[2]["values"])
    rows[2]["p"] = float(stats.ttest_1samp(values, -rows[2]["margin"], alternative="greater").pvalue)
    return rows


def holms():
    lists = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.9, 0.6], [0.013, 0.013, 0.001, 0.8, 0.04]]
    return [[ps, multipletests(ps, method="holm")[1].tolist()] for ps in lists]


def kappas():
    rows = []
    for n, labels, agreeing in ((120, 2, 0.9), (200, 4, 0.6), (30, 3, 0.1)):
        first = random.integers(0, labels, n)
        second = np.where(random.random(n) < agreeing, first, random.integers(0, labels, n))
        table = np.zeros((labels, labels), int)
        np.add.at(table, (first, second), 1)
        result = cohens_kappa(table)
        assert abs(result.kappa - cohen_kappa_score(first, second)) < 1e-12
        rows.append(
            {
                "first": first.tolist(),
                "second": second.tolist(),
                "table": table.tolist(),
                "kappa": float(result.kappa),
                "interval": [float(result.kappa_low), float(result.kappa_upp)],
            }
        )
    return rows


def power_of(n, effect, level):
    """By the definition: the normal tail averaged over the chi distribution. scipy's nct is NaN or wrong far out."""
    t, shift = stats.t.ppf((1 + level) / 2, n - 1), effect * np.sqrt(n)
    density = lambda s: 2 * s * (n - 1) * stats.chi2.pdf((n - 1) * s * s, n - 1)
    both = lambda s: (stats.norm.sf(t * s - shift) + stats.norm.sf(t * s + shift)) * density(s)
    return quad(both, 0, 1, epsabs=1e-13)[0] + quad(both, 1, np.inf, epsabs=1e-13)[0]


def power():
    test = TTestPower()
    over = []
    for n in (2, 3, 5, 10, 50):
        for effect in (0.0, 0.3, 1.2, 4.0):
            for level in (0.9, 0.95):
                value = power_of(n, effect, level)
                assert effect > 2 or abs(value - test.power(effect, n, 1 - level)) < 1e-9
                over.append([n, effect, level, value])
    needed = []
    for n in (3, 5, 10, 50):
        for level in (0.95, 0.99):
            for wanted in (0.8, 0.9):
                effect = brentq(lambda effect: power_of(n, effect, level) - wanted, 1e-3, 50, xtol=1e-12)
                assert level > 0.95 or abs(effect - test.solve_power(nobs=n, alpha=1 - level, power=wanted)) < 1e-4
                needed.append([n, level, wanted, effect])
    return {"over": over, "detectable": needed}


def main():
    out = {
        "versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
        "distributions": distributions(),
        "intervals": intervals(),
        "mcnemar": mcnemars(),
        "clustered": clustered(),
        "holm": holms(),
        "kappa": kappas(),
        "power": power(),
    }
    plain = lambda value: value.item() if isinstance(value, np.generic) else value
    path = pathlib.Path(__file__).with_name("statistics.json")
    path.write_text(json.dumps(out, default=plain, allow_nan=False) + "\n")


main()
