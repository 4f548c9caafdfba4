"""PyMC on a benchmark problem: python peer_pymc.py PROBLEM DATA.csv DRAWS

Prints the log density with its Jacobian at the unconstrained origin when it has compiled; then, for each line that it reads, the
process-CPU microseconds of a mean-field step (pm.ADVI with Adam) and, for DRAWS = 1, of one value and gradient of the log density.
All are lines of JSON.
"""
import csv
import json
import logging
import os
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
logging.getLogger("pymc").setLevel(logging.ERROR)
import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.distributions.transforms import ordered as increasing

problem, path, draws = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(path) as file:
    reader = csv.reader(file)
    names = next(reader)
    columns = np.array([[float(cell) for cell in row] for row in reader]).T.copy()
D = dict(zip(names, columns))
X = columns[[i for i, name in enumerate(names) if name[0] == "x"]].T.copy()


def index(name):
    labels = D[name].astype(int)
    return labels, int(labels.max()) + 1


def ordered(name, sd, n):
    start = np.linspace(-1.0, 1.0, n)
    return pm.Normal(name, 0, sd, shape=n, transform=increasing, initval=start)


def normal(mu, sigma):
    return pm.logp(pm.Normal.dist(mu, sigma), D["y"][:, None])


def eight_schools():
    mu, tau = pm.Normal("mu", 0, 5), pm.HalfCauchy("tau", 5)
    eta = pm.Normal("eta", 0, 1, shape=8)
    pm.Normal("y", mu + tau * eta, D["sigma"], observed=D["y"])


def regression():
    a, b = pm.Normal("a", 0, 5), pm.Normal("b", 0, 1, shape=X.shape[1])
    return a + pt.dot(pt.as_tensor_variable(X), b)


def linreg():
    pm.Normal("y", regression(), pm.HalfNormal("sigma", 1), observed=D["y"])


def logreg():
    pm.Bernoulli("y", logit_p=regression(), observed=D["y"].astype(int))


def hier_radon():
    g, n = index("g")
    mu_a, mu_b = pm.Normal("mu_a", 0, 5), pm.Normal("mu_b", 0, 1)
    s_a, s_b, s = (pm.HalfNormal(k, 1) for k in ("s_a", "s_b", "s"))
    za, zb = pm.Normal("za", 0, 1, shape=n), pm.Normal("zb", 0, 1, shape=n)
    a, b = mu_a + s_a * za, mu_b + s_b * zb
    pm.Normal("y", a[g] + b[g] * D["x"], s, observed=D["y"])


def poisson_glmm():
    g, n = index("g")
    b0, b1 = pm.Normal("b0", 0, 2), pm.Normal("b1", 0, 1)
    s, z = pm.HalfNormal("s", 1), pm.Normal("z", 0, 1, shape=n)
    pm.Poisson("y", pt.exp((b0 + s * z)[g] + b1 * D["x"]), observed=D["y"].astype(int))


def gmm_marginal():
    w = pm.Dirichlet("w", np.ones(3))
    mu, sigma = ordered("mu", 5, 3), pm.HalfNormal("sigma", 2, shape=3)
    pm.Potential("y", pt.logsumexp(pt.log(w) + normal(mu, sigma), axis=-1).sum())


def stoch_vol():
    mu, u, sigma = pm.Normal("mu", 0, 5), pm.Beta("u", 20, 1.5), pm.HalfNormal("sigma", 1)
    phi = 2 * u - 1
    z = pm.Normal("z", 0, 1, shape=len(D["y"]))
    first = sigma / pt.sqrt(1 - phi**2) * z[0]
    step = lambda z, h, phi, sigma: phi * h + sigma * z
    rest, _ = pytensor.scan(step, [z[1:]], [first], [phi, sigma], strict=True)
    h = mu + pt.concatenate([first[None], rest])
    pm.Normal("y", 0, pt.exp(h / 2), observed=D["y"])


def forward(start, transition, emission):
    # The shift is written out: the gradient of pt.logsumexp is NaN for terms that are far below the largest.
    def lse(x):
        top = x.max(axis=0)
        return top + pt.log(pt.exp(x - top).sum(axis=0))

    step = lambda e, alpha, t: lse(alpha[:, None] + t) + e
    alpha, _ = pytensor.scan(step, [emission[1:]], [start + emission[0]], [pt.log(transition)])
    pm.Potential("y", lse(alpha[-1]))


def discrete_hmm():
    stay = pm.Beta("stay", 8, 2, shape=2)
    mu, sigma = ordered("mu", 3, 2), pm.HalfNormal("sigma", 1, shape=2)
    rows = [pt.stack([stay[0], 1 - stay[0]]), pt.stack([1 - stay[1], stay[1]])]
    forward(-np.log(2.0), pt.stack(rows), normal(mu, sigma))


def crossed():
    (g, n), (h, m) = index("g"), index("h")
    mu = pm.Normal("mu", 0, 5)
    s_u, s_v, s = (pm.HalfNormal(k, 1) for k in ("s_u", "s_v", "s"))
    u, v = pm.Normal("u", 0, 1, shape=n), pm.Normal("v", 0, 1, shape=m)
    pm.Normal("y", mu + s_u * u[g] + s_v * v[h], s, observed=D["y"])


def items():
    (p, n), (q, m), (s, k) = index("p"), index("q"), index("s")
    tau, ability = pm.HalfNormal("tau", 1), pm.Normal("ability", 0, 1, shape=n)
    discrimination = pm.LogNormal("discrimination", 0, 0.5, shape=m)
    difficulty = pm.Normal("difficulty", 0, 1, shape=m)
    effect = pm.Normal("effect", 0, 1, shape=k)
    eta = discrimination[q] * (ability[p] - difficulty[q]) + tau * effect[s]
    pm.Bernoulli("y", logit_p=eta, observed=D["y"].astype(int))


def ordinal():
    b, c = pm.Normal("b", 0, 1, shape=X.shape[1]), ordered("c", 3, 4)
    eta = pt.dot(pt.as_tensor_variable(X), b)
    pm.OrderedLogistic("y", eta, c, observed=D["y"].astype(int) - 1, compute_p=False)


def lda():
    (d, n), (w, m) = index("d"), index("w")
    theta = pm.Dirichlet("theta", np.full((n, 5), 0.5))
    phi = pm.Dirichlet("phi", np.full((5, m), 0.5))
    pm.Potential("w", pt.logsumexp(pt.log(theta)[d] + pt.log(phi).T[w], axis=-1).sum())


def hmm_covariates():
    transition = pm.Dirichlet("P", np.full((3, 3), 2.0))
    mu, b = ordered("mu", 3, 3), pm.Normal("b", 0, 1, shape=3)
    sigma = pm.HalfNormal("sigma", 1, shape=3)
    forward(-np.log(3.0), transition, normal(mu + b * D["x"][:, None], sigma))


def gp():
    scale, length = pm.HalfNormal("scale", 1), pm.LogNormal("length", 0, 0.5)
    sigma, x = pm.HalfNormal("sigma", 1), D["x"]
    k = scale**2 * pt.exp(-((x[:, None] - x) ** 2) / (2 * length**2))
    pm.MvNormal("y", np.zeros(len(x)), cov=k + sigma**2 * pt.eye(len(x)), observed=D["y"])


def timed(call):
    call()
    start = time.process_time()
    call()
    n = max(3, min(2000, int(0.1 / max(time.process_time() - start, 1e-6))))

    def batch():
        start = time.process_time()
        for _ in range(n):
            call()
        return (time.process_time() - start) / n * 1e6

    return batch


with pm.Model() as model:
    globals()[problem]()
    batches = {}
    at = {name: np.zeros_like(value) for name, value in model.initial_point().items()}
    at_origin = float(model.compile_logp()(at))
    if draws == 1:
        density = model.logp_dlogp_function(ravel_inputs=True)
        density.set_extra_values({})
        point = np.zeros(sum(value.size for value in at.values()))
        batches["gradient_us"] = timed(lambda: density(point))
    step = pm.ADVI(random_seed=1).objective.step_function(
        obj_n_mc=draws, obj_optimizer=pm.adam(learning_rate=0.01), score=True
    )
    batches["step_us"] = timed(step)
    print(json.dumps({"log_density_at_origin": at_origin}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({what: batch() for what, batch in batches.items()}), flush=True)
