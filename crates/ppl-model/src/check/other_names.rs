//! Names that parameters, distributions and functions have in Stan, PyMC, NumPyro and JAGS.

use ppl_dist::Form;

/// What stands here for a name from elsewhere.
pub(super) enum Here {
    /// Another name for the same.
    Name(&'static str),
    /// Another way to say it.
    Advice(String),
}

/// A parameter's name: `sigma`, `loc`, `nu`, `variance`.
pub(super) fn parameter(name: &str, form: &Form) -> Option<Here> {
    let has = |n: &str| form.parameters.iter().any(|p| p.name == n);
    let same: &[&str] = match name {
        "mu" | "loc" | "mean" | "m" | "location" => &["mean", "location", "log_mean", "log_rate"],
        "sigma" | "sd" | "std" | "scale" | "stddev" | "s" => &["sd", "scale"],
        "nu" | "dof" | "degrees_of_freedom" => &["df"],
        "alpha" | "concentration1" => &["a", "shape", "concentration", "size"],
        "beta" | "concentration0" => &["b", "rate", "scale"],
        "lam" | "lambda" | "mu_rate" | "theta" => &["rate", "probability"],
        "p" | "prob" | "probs" | "success_prob" => &["probability", "probabilities"],
        "logit_p" | "logits" | "logit" => &["logit", "logits"],
        "total_count" | "trials" | "N" => &["n"],
        "low" | "a" | "min" | "minimum" => &["lower", "minimum"],
        "high" | "b" | "max" | "upper" => &["upper"],
        "phi" | "dispersion" => &["size", "concentration"],
        "eta" => &["shape"],
        "covariance_matrix" | "cov_matrix" | "Sigma" => &["cov", "scale"],
        "L" | "chol" | "cholesky" => &["scale_tril"],
        "kappa" => &["concentration"],
        _ => &[],
    };
    if let Some(here) = same.iter().find(|n| has(n)) {
        return Some(Here::Name(here));
    }
    let spread = ["sd", "scale"].into_iter().find(|n| has(n))?;
    let scale = |of: &str| {
        Here::Advice(format!(
            "the spread is given as a standard deviation: `{spread} = {of}`"
        ))
    };
    Some(match name {
        "variance" | "var" | "sigma2" | "sigma_sq" | "v" => scale("sqrt(variance)"),
        "precision" | "prec" | "tau" => scale("inv_sqrt(precision)"),
        _ => return None,
    })
}

/// What helps with `Bernoulli(logits = e)` and `Poisson(log_rate = e)`: the form of the distribution that takes this.
pub(super) fn linked(distribution: &str, name: &str) -> Option<String> {
    let (ending, takes) = match name {
        "logits" | "logit" | "logit_p" | "logit_probability" => ("Logit", "log odds"),
        "log_rate" | "log_mean" | "log_mu" | "log_lambda" => ("Log", "the logarithm"),
        _ => return None,
    };
    let sibling = ppl_dist::find(&format!("{distribution}{ending}"))?;
    Some(format!(
        "write `{}`, which takes {takes}",
        sibling.definition().name
    ))
}

/// What stands here for an argument of a draw elsewhere that is no parameter of its distribution.
pub(super) fn no_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "shape" | "size" | "dims" | "sample_shape" | "event_shape" | "plate" | "plate_dims" => {
            "how many there are is said on the left, by an axis: `axis k = 3;` above, then `x[k] ~ …;`"
        }
        "observed" | "obs" => "data are observed: `observe y ~ …;`",
        "name" => "the name stands on the left: `x ~ …;`",
        "lower" | "upper" => {
            "what cuts a distribution off stands behind it: `….truncated(lower = 0)`"
        }
        "initval" | "init" | "testval" | "start" | "init_value" => {
            "starts are found by the fit: leave it away"
        }
        _ => return None,
    })
}

/// A distribution's name; names that differ in capitals and `_` alone are found by themselves.
pub(super) fn distribution(name: &str) -> Option<Here> {
    let plain: String = name
        .chars()
        .filter(|c| *c != '_')
        .collect::<String>()
        .to_lowercase();
    let known = ppl_dist::ALL.iter().map(|d| d.definition().name);
    if let Some(same) = known.into_iter().find(|n| n.to_lowercase() == plain) {
        return Some(Here::Name(same));
    }
    let advice = |text: &str| Some(Here::Advice(text.to_owned()));
    Some(Here::Name(match plain.as_str() {
        "norm" | "gaussian" | "gauss" => "Normal",
        "halfnorm" | "halfgaussian" => "HalfNormal",
        "bern" | "dbern" => "Bernoulli",
        "pois" | "poiss" | "dpois" => "Poisson",
        "expon" | "exp" | "dexp" => "Exponential",
        "unif" | "dunif" => "Uniform",
        "dgamma" | "gam" => "Gamma",
        "dbeta" => "Beta",
        "dcauchy" => "Cauchy",
        "lognorm" | "logn" => "LogNormal",
        "cat" | "dcat" | "discrete" => "Categorical",
        "binom" => "Binomial",
        "multinom" => "Multinomial",
        "ddirch" | "ddirich" | "ddirichlet" | "diri" => "Dirichlet",
        "dchisqr" | "dchisq" | "chi2" | "chisquared" => "ChiSquare",
        "invchi2" | "invchisquared" | "inversechisquared" => "InvChiSquare",
        "weib" => "Weibull",
        "geom" | "dgeom" => "Geometric",
        "skewnorm" => "SkewNormal",
        "emg" | "exgaussian" | "exponnorm" => "ExpModNormal",
        "randint" | "discreteunif" | "uniformdiscrete" => "DiscreteUniform",
        "orderedlogit" | "cumulativelogit" | "orderedcategorical" => "OrderedLogistic",
        "ordprobit" | "cumulativeprobit" => "OrderedProbit",
        "erlang" => "Gamma",
        "icar" | "car" => "CarIcar",
        "inversewishart" => "InvWishart",
        "randomwalk" | "grw" | "rw" | "rw1" => "GaussianRandomWalk",
        "ar1" | "autoregressive" => "Ar",
        "stdnormal" => return advice("write `Normal(0, 1)`"),
        "normalidglm" | "bernoullilogitglm" | "poissonlogglm" | "negbinomial2logglm" => {
            return advice(
                "write the predictor out: `Normal(a + x @ b, s)`, `BernoulliLogit(a + x @ b)`",
            );
        }
        "dnorm" => {
            return advice(
                "write `Normal(mean, sd)`; the second argument is a standard deviation, not a precision",
            );
        }
        "dlnorm" => {
            return advice(
                "write `LogNormal(location, scale)`; the second argument is a standard deviation of the logarithm, not a precision",
            );
        }
        "ddexp" => {
            return advice("write `Laplace(location, scale)`; the scale is 1 / rate");
        }
        "dlogis" => {
            return advice("write `Logistic(location, scale)`; the scale is 1 / rate");
        }
        "t" | "dt" => return advice("write `StudentT(df, location, scale)`"),
        "dbin" | "dbinom" => {
            return advice("write `Binomial(n, probability)`: the trials come first");
        }
        "dmulti" | "dmultinom" => {
            return advice("write `Multinomial(n, probabilities)`: how many come first");
        }
        "dnegbin" | "dnbinom" | "nbinom" | "negbinom" | "negbin" | "nb" | "nb2" => {
            return advice(
                "write `NegBinomial(mean, size = …)`, or `NegBinomial(size = …, probability = …)`",
            );
        }
        "dweib" | "dweibull" => return advice("write `Weibull(shape, scale)`"),
        "dpar" => return advice("write `Pareto(minimum, shape)`"),
        "dmnorm" | "multinormalprec" => {
            return advice("write `MultiNormal(mean, precision = …)`");
        }
        "dmt" | "dmvt" => return advice("write `MultiStudentT(df, location, scale = …)`"),
        "dwish" => return advice("write `Wishart(df, scale = …)`"),
        "scaledinvchisquare" | "scaledinversechisquare" => {
            return advice("write `InvGamma(df / 2, df * scale^2 / 2)`");
        }
        "loguniform" | "reciprocal" => {
            return advice("draw its logarithm: `u ~ Uniform(log(a), log(b)); let x = exp(u);`");
        }
        "halflaplace" | "halflogistic" => {
            return advice("write the kind: `x: positive ~ Laplace(0, scale)`");
        }
        "mvn"
        | "dmvnorm"
        | "mvnorm"
        | "mvnormal"
        | "multivariatenormal"
        | "multinormalcholesky"
        | "mvnormalcholesky" => "MultiNormal",
        "lkj" | "lkjcorr" => "LkjCorr",
        "lkjcorrcholesky" | "lkjcov" | "lkjcholeskycov" => "LkjCholesky",
        "inversegamma" | "invgam" | "ig" => "InvGamma",
        "negbinomial2" | "negativebinomial" | "negativebinomial2" => "NegBinomial",
        "negbinomial2log" => "NegBinomialLog",
        "student" | "studentst" | "tdist" | "studentstdist" => "StudentT",
        "doubleexponential" | "doubleexp" => "Laplace",
        "vonmisesdist" => "VonMises",
        "categoricallogits" => "CategoricalLogit",
        "multivariatestudentt" | "mvstudentt" | "multistudent" => "MultiStudentT",
        "delta" | "diracdelta" | "dirac" | "pointmass" => "Constant",
        "gp" => "GaussianProcess",
        "halfstudentt" | "halft" => {
            return advice("write the kind: `x: positive ~ StudentT(df, 0, scale)`");
        }
        "truncatednormal" | "truncated" | "truncnormal" | "truncnorm" | "tnormal" => {
            return advice("write `Normal(mean, sd).truncated(lower = …, upper = …)`");
        }
        "censored" => {
            return advice("write `Normal(mean, sd).censored(right = …)`");
        }
        "normalmixture" | "mixture" | "mixturesamefamily" | "mixturegeneral" => {
            return advice(
                "a mixture has a discrete unknown: `z[row] ~ Categorical(w); observe y ~ Normal(mu[z], s);`",
            );
        }
        "zeroinflatedpoisson" | "zip" => {
            return advice(
                "write `zero[row] ~ Bernoulli(p); observe y ~ if zero { Constant(0) } else { Poisson(rate) };`",
            );
        }
        "deterministic" | "potential" => {
            return advice(
                "a value is named by `let x = …;`, a term of the log density is added by `factor …;`",
            );
        }
        "improperuniform" | "halfflat" => {
            return advice("write `x ~ Flat();`, or `x: positive ~ Flat();`");
        }
        _ => return None,
    }))
}

/// A kind of number or label.
pub(super) fn kind(name: &str) -> Option<Here> {
    Some(Here::Name(match name.to_lowercase().as_str() {
        "count" | "counts" | "integer" | "natural" | "nat" | "int64" | "int32" | "i64" | "u64" => {
            "int"
        }
        "float" | "double" | "number" | "numeric" | "f64" | "float64" | "scalar" => "real",
        "boolean" | "binary" | "logical" | "flag" => "bool",
        "probability" | "proportion" => "unit",
        "cholesky_factor_corr" => "corr_cholesky",
        "cholesky_factor_cov" => "cov_cholesky",
        "corr_matrix" => "corr",
        "cov_matrix" => "cov",
        "positive_real" | "nonnegative" => "positive",
        "string" | "str" | "factor" | "category" | "categorical" | "label" | "text" => {
            return Some(Here::Advice(
                "labels are the levels of an axis: `axis group;`, then `data group[row]: group;`"
                    .to_owned(),
            ));
        }
        _ => return None,
    }))
}

/// A function that is no function here.
pub(super) fn function(name: &str) -> Option<String> {
    let ending = |ends: &[&str]| ends.iter().find_map(|e| name.strip_suffix(e));
    if let Some(density) = ending(&["_lpdf", "_lpmf", "_log", "_logpdf", "_logpmf"]) {
        let found = distribution(density);
        let family = match found {
            Some(Here::Name(n)) => n,
            _ => return None,
        };
        return Some(format!(
            "write `log_density({family}(…), y)`, or `observe y ~ {family}(…);`"
        ));
    }
    // Densities and draws of R: `dnorm(y, m, s, log = TRUE)`, `rnorm(1, m, s)`.
    let of_r = |letter: &str| {
        let family = name.strip_prefix(letter)?;
        match distribution(family).or_else(|| distribution(name))? {
            Here::Name(n) => Some(n.to_owned()),
            Here::Advice(a) => {
                let called = a.strip_prefix("write `")?.split('(').next()?;
                ppl_dist::find(called).map(|_| called.to_owned())
            }
        }
    };
    if let Some(family) = of_r("d") {
        return Some(format!(
            "write `log_density({family}(…), y)`, or `observe y ~ {family}(…);`"
        ));
    }
    if of_r("r").is_some() || ending(&["_rng"]).is_some() {
        return Some("draws are asked for by `predict y_new[row] ~ Normal(mu, s);`".to_owned());
    }
    if ending(&["_lcdf", "_lccdf", "_cdf"]).is_some() {
        return Some("limits and cut-off ranges are `.censored(…)` and `.truncated(…)` behind a distribution; with `m` from `lo` to `hi`, `log_density(D(…), m) - log_density(D(…).truncated(lower = lo, upper = hi), m)` is the log of its probability between them".to_owned());
    }
    let text = match name {
        "dot_product" | "dot" | "matmul" => "write `a @ b`: it sums over the axis that both share",
        "rep_vector" | "rep_matrix" | "ones" | "zeros" | "full" => {
            "one number goes with every axis: write the number, or `let a[k] = 0;`"
        }
        "to_vector" | "to_matrix" | "to_array_1d" | "reshape" | "as_matrix" => {
            "values lie along named axes and need no reshaping: leave it away"
        }
        "num_elements" | "rows" | "cols" | "len" | "length" | "dims" => {
            "the number of levels of an axis is `size(row)`"
        }
        "diag_pre_multiply" | "quad_form_diag" => "write `diag(tau) @ L`",
        "multiply_lower_tri_self_transpose" => "write `L @ transpose(L)`",
        "where" | "ifelse" | "if_else" => "write `if c { a } else { b }`, which is a value",
        "integrate_ode_rk45" | "ode_rk45" | "ode_bdf" | "odeint" => {
            "write `ode(f, y0, t0, times, a, b)`"
        }
        "range" | "arange" | "linspace" => {
            "numbers 1 to n are the labels of an axis: `axis k = 5;`"
        }
        "stick_breaking" | "stickbreaking" | "stick_break" => {
            "write `v * exp(cumsum(log1m(v), over = k) - log1m(v))` with `v[k]` between 0 and 1"
        }
        "lag" | "shift" | "lead" | "diff" => {
            "the element before is read in a loop: `for t in row skip 1 { … y[t - 1] … }`"
        }
        "median" | "quantile" | "percentile" | "mode" => {
            return Some(format!(
                "there is no {name} here: of data it is calculated outside, `data c: real;`, and given by `--set c=…`"
            ));
        }
        "print" => "write `report a = …;` for its summary",
        _ => return None,
    };
    Some(text.to_owned())
}
