"""Writes data.csv: 919 simulated houses in 85 invented counties. Python's standard library only.

    python3 examples/radon/make_data.py > examples/radon/data.csv
"""

import random

N_ROWS = 919
SEED = 20261120

# The values that the fit should find again.
INTERCEPT_MEAN, SLOPE_MEAN = 1.45, -0.70
INTERCEPT_SD, SLOPE_SD = 0.35, 0.30
CORRELATION = -0.30
NOISE_SD = 0.72

FIRST = "Ash Birch Cedar Clear Elm Fox Hazel Iron Long Maple Oak Otter Pine Red Stone Swan Wolf".split()
SECOND = "Creek Falls Hill Lake Prairie".split()


def main():
    rng = random.Random(SEED)
    counties = [f"{a} {b}" for a in FIRST for b in SECOND]

    coefficients = []
    for _ in counties:
        u, v = rng.gauss(0, 1), rng.gauss(0, 1)
        w = CORRELATION * u + (1 - CORRELATION**2) ** 0.5 * v
        coefficients.append((INTERCEPT_MEAN + INTERCEPT_SD * u, SLOPE_MEAN + SLOPE_SD * w))

    # Every county has two houses; the others fall unevenly, so that some counties say little by themselves.
    weights = [rng.expovariate(1) ** 1.5 for _ in counties]
    members = [j for j in range(len(counties)) for _ in range(2)]
    members += rng.choices(range(len(counties)), weights, k=N_ROWS - len(members))
    members.sort()

    print("county,floor,log_radon")
    for j in members:
        floor = int(rng.random() < 0.17)
        intercept, slope = coefficients[j]
        print(f"{counties[j]},{floor},{rng.gauss(intercept + slope * floor, NOISE_SD):.3f}")


if __name__ == "__main__":
    main()
