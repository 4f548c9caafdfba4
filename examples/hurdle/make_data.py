"""Simulated visits to a doctor: whether at all, and if so how often. Standard library, fixed seed."""
import math
import random

random.seed(21)


def poisson(rate):
    count, total = 0, random.expovariate(1.0)
    while total < rate:
        count += 1
        total += random.expovariate(1.0)
    return count


print("visits,age")
for _ in range(400):
    age = random.randint(20, 80)
    x = (age - 50) / 10
    visits = 0
    if random.random() < 1 / (1 + math.exp(-(0.3 + 0.4 * x))):
        while visits == 0:
            visits = poisson(math.exp(0.6 + 0.15 * x))
    print(f"{visits},{age}")
