"""Simulated daily returns of a market that is calm or wild. Standard library, fixed seed."""
import random

random.seed(23)
stay, sd = [0.97, 0.9], [0.7, 2.5]
state = 0
print("day,change")
for day in range(1, 401):
    print(f"{day},{random.gauss(0.05, sd[state]):.3f}")
    if random.random() > stay[state]:
        state = 1 - state
