"""A simulated regression on 20 columns of which three matter. Standard library, fixed seed."""
import random

random.seed(22)
names = [f"x_{i}" for i in range(1, 21)]
effect = {"x_3": 2.0, "x_8": -1.5, "x_15": 1.0}
print(",".join(names) + ",y")
for _ in range(150):
    x = {n: random.gauss(0, 1) for n in names}
    y = 0.5 + sum(effect.get(n, 0.0) * x[n] for n in names) + random.gauss(0, 1)
    print(",".join(f"{x[n]:.3f}" for n in names) + f",{y:.3f}")
