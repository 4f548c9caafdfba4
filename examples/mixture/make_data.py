"""Writes data.csv: 500 simulated measurements of three kinds. Python's standard library only.

    python3 examples/mixture/make_data.py > examples/mixture/data.csv
"""

import random

N_ROWS = 500
SEED = 20261120

# The values that the fit should find again: share, mean and standard deviation of each kind.
KINDS = [(0.3, -3.0, 0.7), (0.5, 0.5, 1.0), (0.2, 5.0, 1.4)]


def main():
    rng = random.Random(SEED)
    print("y")
    for _ in range(N_ROWS):
        _, mean, sd = rng.choices(KINDS, [k[0] for k in KINDS])[0]
        print(f"{rng.gauss(mean, sd):.3f}")


if __name__ == "__main__":
    main()
