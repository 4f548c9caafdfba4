"""Simulated times until a machine fails, some of them still running when the study ended. Standard library, fixed seed."""
import math
import random

random.seed(25)
print("hours,failed,load")
for _ in range(250):
    load = random.gauss(0, 1)
    time = math.exp(2.0 - 0.5 * load) * random.expovariate(1.0) ** (1 / 1.5)
    end = random.uniform(2, 20)
    print(f"{max(0.01, min(time, end)):.2f},{int(time <= end)},{load:.2f}")
