"""Simulated counts of prey and predators, observed with noise. Standard library, fixed seed."""
import random

random.seed(24)
a, b, c, d = 0.6, 0.03, 0.8, 0.025


def change(n):
    return [(a - b * n[1]) * n[0], (d * n[0] - c) * n[1]]


def step(n, h):
    k1 = change(n)
    k2 = change([n[i] + h / 2 * k1[i] for i in range(2)])
    k3 = change([n[i] + h / 2 * k2[i] for i in range(2)])
    k4 = change([n[i] + h * k3[i] for i in range(2)])
    return [n[i] + h / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]) for i in range(2)]


n = [30.0, 8.0]
print("year,prey,predators")
for year in range(21):
    noisy = [x * random.lognormvariate(0, 0.2) for x in n]
    print(f"{year},{noisy[0]:.1f},{noisy[1]:.1f}")
    for _ in range(100):
        n = step(n, 0.01)
