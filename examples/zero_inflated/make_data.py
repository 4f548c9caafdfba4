"""Simulated counts of fish caught by visitors of a park, many of whom did not fish. Standard library, fixed seed."""
import math
import random

random.seed(20)
print("fish,hours")
for _ in range(300):
    hours = round(random.uniform(0.5, 6.0), 1)
    rate = math.exp(0.2 + 0.3 * hours)
    count, total = 0, random.expovariate(1.0)
    while total < rate:
        count += 1
        total += random.expovariate(1.0)
    print(f"{0 if random.random() < 0.35 else count},{hours}")
