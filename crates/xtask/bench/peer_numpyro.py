"""NumPyro on a benchmark problem: python peer_numpyro.py PROBLEM DATA.csv DRAWS|fit

With `fit`: a whole fit of 10,000 steps of Adam with one draw (`svi.run`), seconds from the start of the interpreter to its end, and
the bound by 1,000 fresh draws with its standard error. Otherwise prints the log density with its Jacobian at the unconstrained origin when it has compiled; then, for each line that it reads, the
process-CPU microseconds of a mean-field step (AutoNormal, Adam) inside a compiled loop, in double precision. All are lines of JSON.
"""
import time

STARTED = time.perf_counter()

import csv
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import logsumexp
from numpyro import factor, plate, sample
from numpyro.distributions import constraints
from numpyro.infer import SVI, Trace_ELBO, init_to_uniform
from numpyro.infer.autoguide import AutoNormal

problem, path, whole = sys.argv[1], sys.argv[2], sys.argv[3] == "fit"
draws = 1 if whole else int(sys.argv[3])
with open(path) as file:
    reader = csv.reader(file)
    names = next(reader)
    columns = np.array([[float(cell) for cell in row] for row in reader]).T
D = {name: jnp.asarray(values) for name, values in zip(names, columns)}
X = jnp.asarray(columns[[i for i, name in enumerate(names) if name[0] == "x"]].T.copy())


def index(name):
    labels = columns[names.index(name)].astype(int)
    return jnp.asarray(labels), int(labels.max()) + 1


def vector(name, prior, n):
    return sample(name, prior.expand([n]).to_event(1))


def ordered(name, prior, n):
    value = sample(name, dist.ImproperUniform(constraints.ordered_vector, (), (n,)))
    factor(name + "_prior", prior.log_prob(value).sum())
    return value


def eight_schools():
    mu = sample("mu", dist.Normal(0, 5))
    tau = sample("tau", dist.HalfCauchy(5))
    with plate("row", 8):
        eta = sample("eta", dist.Normal(0, 1))
        sample("y", dist.Normal(mu + tau * eta, D["sigma"]), obs=D["y"])


def linreg():
    a = sample("a", dist.Normal(0, 5))
    b = vector("b", dist.Normal(0, 1), X.shape[1])
    sigma = sample("sigma", dist.HalfNormal(1))
    sample("y", dist.Normal(a + X @ b, sigma), obs=D["y"])


def logreg():
    a = sample("a", dist.Normal(0, 5))
    b = vector("b", dist.Normal(0, 1), X.shape[1])
    sample("y", dist.Bernoulli(logits=a + X @ b), obs=D["y"])


def hier_radon():
    g, n = index("g")
    mu_a, mu_b = sample("mu_a", dist.Normal(0, 5)), sample("mu_b", dist.Normal(0, 1))
    s_a, s_b = sample("s_a", dist.HalfNormal(1)), sample("s_b", dist.HalfNormal(1))
    s = sample("s", dist.HalfNormal(1))
    with plate("group", n):
        za, zb = sample("za", dist.Normal(0, 1)), sample("zb", dist.Normal(0, 1))
    a, b = mu_a + s_a * za, mu_b + s_b * zb
    sample("y", dist.Normal(a[g] + b[g] * D["x"], s), obs=D["y"])


def poisson_glmm():
    g, n = index("g")
    b0, b1 = sample("b0", dist.Normal(0, 2)), sample("b1", dist.Normal(0, 1))
    s = sample("s", dist.HalfNormal(1))
    with plate("group", n):
        z = sample("z", dist.Normal(0, 1))
    sample("y", dist.Poisson(jnp.exp((b0 + s * z)[g] + b1 * D["x"])), obs=D["y"])


def gmm_marginal():
    w = sample("w", dist.Dirichlet(jnp.ones(3)))
    mu = ordered("mu", dist.Normal(0, 5), 3)
    sigma = vector("sigma", dist.HalfNormal(2), 3)
    parts = jnp.log(w) + dist.Normal(mu, sigma).log_prob(D["y"][:, None])
    factor("y", logsumexp(parts, axis=-1).sum())


def stoch_vol():
    mu = sample("mu", dist.Normal(0, 5))
    phi = 2 * sample("u", dist.Beta(20, 1.5)) - 1
    sigma = sample("sigma", dist.HalfNormal(1))
    z = vector("z", dist.Normal(0, 1), len(D["y"]))
    first = sigma / jnp.sqrt(1 - phi**2) * z[0]

    def step(h, noise):
        h = phi * h + sigma * noise
        return h, h

    _, rest = jax.lax.scan(step, first, z[1:])
    h = mu + jnp.concatenate([first[None], rest])
    sample("y", dist.Normal(0, jnp.exp(h / 2)), obs=D["y"])


def forward(start, ln_transition, emission):
    def step(alpha, e):
        return logsumexp(alpha[:, None] + ln_transition, axis=0) + e, None

    alpha, _ = jax.lax.scan(step, start + emission[0], emission[1:])
    factor("y", logsumexp(alpha))


def discrete_hmm():
    stay = vector("stay", dist.Beta(8, 2), 2)
    mu = ordered("mu", dist.Normal(0, 3), 2)
    sigma = vector("sigma", dist.HalfNormal(1), 2)
    transition = jnp.array([[stay[0], 1 - stay[0]], [1 - stay[1], stay[1]]])
    emission = dist.Normal(mu, sigma).log_prob(D["y"][:, None])
    forward(-jnp.log(2.0), jnp.log(transition), emission)


def crossed():
    (g, n), (h, m) = index("g"), index("h")
    mu = sample("mu", dist.Normal(0, 5))
    s_u, s_v, s = (sample(k, dist.HalfNormal(1)) for k in ("s_u", "s_v", "s"))
    u, v = vector("u", dist.Normal(0, 1), n), vector("v", dist.Normal(0, 1), m)
    sample("y", dist.Normal(mu + s_u * u[g] + s_v * v[h], s), obs=D["y"])


def items():
    (p, n), (q, m), (s, k) = index("p"), index("q"), index("s")
    tau = sample("tau", dist.HalfNormal(1))
    ability = vector("ability", dist.Normal(0, 1), n)
    discrimination = vector("discrimination", dist.LogNormal(0, 0.5), m)
    difficulty = vector("difficulty", dist.Normal(0, 1), m)
    effect = vector("effect", dist.Normal(0, 1), k)
    eta = discrimination[q] * (ability[p] - difficulty[q]) + tau * effect[s]
    sample("y", dist.Bernoulli(logits=eta), obs=D["y"])


def ordinal():
    b = vector("b", dist.Normal(0, 1), X.shape[1])
    c = ordered("c", dist.Normal(0, 3), 4)
    sample("y", dist.OrderedLogistic(X @ b, c), obs=D["y"].astype(int) - 1)


def lda():
    (d, n), (w, m) = index("d"), index("w")
    with plate("document", n):
        theta = sample("theta", dist.Dirichlet(jnp.full(5, 0.5)))
    with plate("topic", 5):
        phi = sample("phi", dist.Dirichlet(jnp.full(m, 0.5)))
    factor("w", logsumexp(jnp.log(theta)[d] + jnp.log(phi).T[w], axis=-1).sum())


def hmm_covariates():
    with plate("state", 3):
        transition = sample("P", dist.Dirichlet(jnp.full(3, 2.0)))
    mu = ordered("mu", dist.Normal(0, 3), 3)
    b = vector("b", dist.Normal(0, 1), 3)
    sigma = vector("sigma", dist.HalfNormal(1), 3)
    emission = dist.Normal(mu + b * D["x"][:, None], sigma).log_prob(D["y"][:, None])
    forward(-jnp.log(3.0), jnp.log(transition), emission)


def gp():
    scale = sample("scale", dist.HalfNormal(1))
    length = sample("length", dist.LogNormal(0, 0.5))
    sigma = sample("sigma", dist.HalfNormal(1))
    x = D["x"]
    k = scale**2 * jnp.exp(-((x[:, None] - x) ** 2) / (2 * length**2))
    k = k + sigma**2 * jnp.eye(len(x))
    sample("y", dist.MultivariateNormal(jnp.zeros(len(x)), covariance_matrix=k), obs=D["y"])


model = globals()[problem]
guide = AutoNormal(model, init_loc_fn=init_to_uniform(radius=0.1))
svi = SVI(model, guide, numpyro.optim.Adam(0.01), Trace_ELBO(num_particles=draws))

if whole:
    fitted = svi.run(jax.random.PRNGKey(0), 10_000, progress_bar=False)
    jax.block_until_ready(fitted.losses)
    seconds = {"wall_s": time.perf_counter() - STARTED, "cpu_s": time.process_time()}
    one = lambda key: -Trace_ELBO().loss(key, fitted.params, model, guide)
    bounds = jax.jit(lambda keys: jax.lax.map(one, keys))(jax.random.split(jax.random.PRNGKey(99), 1000))
    bounds = np.asarray(bounds)
    error = float(bounds.std() / len(bounds) ** 0.5)
    print(json.dumps({"bound": float(bounds.mean()), "bound_se": error, **seconds}))
    sys.exit()

state = svi.init(jax.random.PRNGKey(0))


def loop(n):
    steps = lambda s: jax.lax.scan(lambda s, _: svi.update(s), s, None, length=n)
    return jax.jit(steps).lower(state).compile()


def cpu(run):
    start = time.process_time()
    jax.block_until_ready(run(state))
    return time.process_time() - start


trial = loop(5)
cpu(trial)
n = max(5, min(5000, int(0.1 / max(cpu(trial) / 5, 1e-6))))
many = loop(n)
cpu(many)

from numpyro.infer.util import initialize_model, potential_energy

origin = initialize_model(jax.random.PRNGKey(0), model).param_info.z
origin = {name: jnp.zeros_like(z) for name, z in origin.items()}
at_origin = -potential_energy(model, (), {}, origin)
print(json.dumps({"log_density_at_origin": float(at_origin)}), flush=True)
for _ in sys.stdin:
    print(json.dumps({"step_us": cpu(many) / n * 1e6}), flush=True)
