//! Distributions that other systems have by name and that are written by others here: through a function of the value, or as the
//! log density in a `factor`.

/// A distribution of another system, of the value `y`.
struct Elsewhere {
    /// Its names, in small letters and without `_`.
    names: &'static [&'static str],
    /// Its parameters, as the statements below name them.
    parameters: &'static str,
    /// Statements that stand for `observe y ~ …`.
    observed: &'static str,
    /// Statements that draw an unknown `y`.
    drawn: Drawn,
}

enum Drawn {
    /// As a function of another draw.
    Through(&'static str),
    /// By the statements for data, with a kind that has no density of its own.
    Kind(&'static str),
    /// Whole numbers, which have no such kind.
    Data,
}

use Drawn::{Data, Kind, Through};

const ELSEWHERE: &[Elsewhere] = &[
    Elsewhere {
        names: &["loglogistic", "fisk"],
        parameters: "median `m` and shape `k`",
        observed: "observe log(y) ~ Logistic(log(m), 1 / k); factor -log(y);",
        drawn: Through("u ~ Logistic(log(m), 1 / k); let y = exp(u);"),
    },
    Elsewhere {
        names: &[
            "inversegaussian",
            "invgaussian",
            "invgauss",
            "inversenormal",
            "invnormal",
            "wald",
        ],
        parameters: "mean `m` and shape `k`",
        observed: "factor 0.5 * log(k / (2 * pi * y ^ 3)) - k * square(y / m - 1) / (2 * y);",
        drawn: Kind("positive"),
    },
    Elsewhere {
        names: &[
            "gev",
            "genextreme",
            "generalizedextremevalue",
            "generalisedextremevalue",
            "genextremevalue",
        ],
        parameters: "location `m`, scale `s` and shape `k` (at 0 it is `Gumbel(m, s)`)",
        observed: "let t = 1 + k * (y - m) / s; factor if t > 0 { -log(s) - (1 + 1 / k) * log(t) - t ^ (-1 / k) } else { -inf };",
        drawn: Kind("real"),
    },
    Elsewhere {
        names: &[
            "gpd",
            "genpareto",
            "generalizedpareto",
            "generalisedpareto",
            "gpareto",
        ],
        parameters: "threshold `m`, scale `s` and shape `k` (at 0 it is `Exponential(1 / s)` of `y - m`)",
        observed: "let t = 1 + k * (y - m) / s; factor if y >= m && t > 0 { -log(s) - (1 + 1 / k) * log(t) } else { -inf };",
        drawn: Kind("real(m, inf)"),
    },
    Elsewhere {
        names: &[
            "asymmetriclaplace",
            "ald",
            "laplaceasymmetric",
            "skewdoubleexponential",
            "skewlaplace",
        ],
        parameters: "quantile `m` at the probability `p` and scale `s`",
        observed: "let e = (y - m) / s; factor log(p * (1 - p) / s) - fmax(p * e, (p - 1) * e);",
        drawn: Kind("real"),
    },
    Elsewhere {
        names: &["skewt", "skewstudentt", "skewstudent"],
        parameters: "location `m`, scale `s` and skewness `g` > 0 (Fernandez and Steel; 1 is none)",
        observed: "let e = y - m; factor log(2 / (g + 1 / g)) + log_density(StudentT(df, 0, s), if e < 0 { e * g } else { e / g });",
        drawn: Kind("real"),
    },
    Elsewhere {
        names: &["maxwell", "maxwellboltzmann"],
        parameters: "scale `s`",
        observed: "observe square(y) ~ Gamma(1.5, 0.5 / square(s)); factor log(2 * y);",
        drawn: Through("u ~ Gamma(1.5, 0.5 / square(s)); let y = sqrt(u);"),
    },
    Elsewhere {
        names: &["chi"],
        parameters: "degrees of freedom `df`",
        observed: "observe square(y) ~ ChiSquare(df); factor log(2 * y);",
        drawn: Through("u ~ ChiSquare(df); let y = sqrt(u);"),
    },
    Elsewhere {
        names: &["nakagami"],
        parameters: "shape `k` and mean square `w`",
        observed: "observe square(y) ~ Gamma(k, k / w); factor log(2 * y);",
        drawn: Through("u ~ Gamma(k, k / w); let y = sqrt(u);"),
    },
    Elsewhere {
        names: &["lomax", "pareto2", "paretotype2", "paretoii"],
        parameters: "scale `s` and shape `k`",
        observed: "factor log(k / s) - (k + 1) * log1p(y / s);",
        drawn: Through("u ~ Pareto(s, k); let y = u - s;"),
    },
    Elsewhere {
        names: &["burr", "burr12", "burrxii", "singhmaddala"],
        parameters: "scale `s` and shapes `c` and `k`",
        observed: "factor log(c * k / s) + (c - 1) * log(y / s) - (k + 1) * log1p((y / s) ^ c);",
        drawn: Kind("positive"),
    },
    Elsewhere {
        names: &["betaprime", "invertedbeta", "invbeta", "inversebeta"],
        parameters: "shapes `a` and `b`",
        observed: "factor (a - 1) * log(y) - (a + b) * log1p(y) - lbeta(a, b);",
        drawn: Through("u ~ Beta(a, b); let y = u / (1 - u);"),
    },
    Elsewhere {
        names: &["loggamma", "expgamma"],
        parameters: "shape `k` and rate `r` of exp(y)",
        observed: "observe exp(y) ~ Gamma(k, r); factor y;",
        drawn: Through("u ~ Gamma(k, r); let y = log(u);"),
    },
    Elsewhere {
        names: &["frechet", "inverseweibull", "invweibull"],
        parameters: "shape `k` and scale `s`",
        observed: "observe 1 / y ~ Weibull(k, 1 / s); factor -2 * log(y);",
        drawn: Through("u ~ Weibull(k, 1 / s); let y = 1 / u;"),
    },
    Elsewhere {
        names: &["gompertz"],
        parameters: "hazard `a * exp(b * y)`",
        observed: "factor log(a) + b * y - a / b * expm1(b * y);",
        drawn: Kind("positive"),
    },
    Elsewhere {
        names: &[
            "generalizednormal",
            "generalisednormal",
            "gennorm",
            "exponentialpower",
            "powerexponential",
            "subbotin",
        ],
        parameters: "location `m`, scale `s` and power `k`",
        observed: "factor log(k / (2 * s)) - lgamma(1 / k) - abs((y - m) / s) ^ k;",
        drawn: Kind("real"),
    },
    Elsewhere {
        names: &["logitnormal", "logisticnormal"],
        parameters: "mean `m` and sd `s` of the log odds",
        observed: "observe logit(y) ~ Normal(m, s); factor -log(y) - log1m(y);",
        drawn: Through("u ~ Normal(m, s); let y = inv_logit(u);"),
    },
    Elsewhere {
        names: &["triangular", "triang"],
        parameters: "ends `a` and `b` and mode `c`",
        observed: "factor log(2 / (b - a)) + log(if y < c { (y - a) / (c - a) } else { (b - y) / (b - c) });",
        drawn: Kind("real(a, b)"),
    },
    Elsewhere {
        names: &["moyal"],
        parameters: "location `m` and scale `s`",
        observed: "let e = (y - m) / s; factor -log(s) - 0.5 * log(2 * pi) - 0.5 * (e + exp(-e));",
        drawn: Kind("real"),
    },
    Elsewhere {
        names: &["levy"],
        parameters: "scale `s` above 0",
        observed: "observe 1 / y ~ Gamma(0.5, s / 2); factor -2 * log(y);",
        drawn: Through("u ~ Gamma(0.5, s / 2); let y = 1 / u;"),
    },
    Elsewhere {
        names: &["foldednormal", "foldnorm", "foldednorm", "foldnormal"],
        parameters: "mean `m` and sd `s`",
        observed: "factor log_add_exp(log_density(Normal(m, s), y), log_density(Normal(m, s), -y));",
        drawn: Through("u ~ Normal(m, s); let y = abs(u);"),
    },
    Elsewhere {
        names: &["discreteweibull"],
        parameters: "survival `q` of 0 and shape `k`",
        observed: "factor log_diff_exp(y ^ k * log(q), (y + 1) ^ k * log(q));",
        drawn: Data,
    },
    Elsewhere {
        names: &["generalizedpoisson", "generalisedpoisson", "genpoisson"],
        parameters: "rate `m` and dispersion `l` from 0 to 1",
        observed: "factor log(m) + (y - 1) * log(m + l * y) - m - l * y - lfactorial(y);",
        drawn: Data,
    },
    Elsewhere {
        names: &["betanegbinomial", "betanegativebinomial"],
        parameters: "size `r` and a probability from Beta(a, b)",
        observed: "factor lbeta(a + r, b + y) - lbeta(a, b) + lgamma(r + y) - lgamma(r) - lfactorial(y);",
        drawn: Data,
    },
    Elsewhere {
        names: &["zipf", "zipfian", "zeta"],
        parameters: "exponent `k` of the first 1,000 ranks",
        observed: "axis rank = 1000; factor -k * log(y) - log_sum_exp(i in rank: -k * log(i));",
        drawn: Data,
    },
    Elsewhere {
        names: &["tweedie", "compoundpoissongamma"],
        parameters: "a sum of Poisson(m) many draws from Gamma(k, r)",
        observed: "axis many = 50; for i in row { if y[i] == 0 { factor -m; } else { factor log_sum_exp(n in many: n * log(m) - m - lfactorial(n) + log_density(Gamma(k * n, r), y[i])); } }",
        drawn: Data,
    },
    Elsewhere {
        names: &[
            "zeroinflatednegbinomial",
            "zeroinflatednegativebinomial",
            "zinb",
            "zinegbin",
            "zinegbinomial",
        ],
        parameters: "probability `p` of a zero that is no count, mean `m` and size `k`",
        observed: "never[row] ~ Bernoulli(p); observe y ~ if never { Constant(0) } else { NegBinomial(m, size = k) };",
        drawn: Data,
    },
    Elsewhere {
        names: &["zeroinflatedbinomial", "zib"],
        parameters: "probability `p` of a zero that is no count, trials `n` and probability `q`",
        observed: "never[row] ~ Bernoulli(p); observe y ~ if never { Constant(0) } else { Binomial(n, q) };",
        drawn: Data,
    },
    Elsewhere {
        names: &["hurdlepoisson"],
        parameters: "probability `p` of a number above 0 and rate `m`",
        observed: "for i in row { observe y[i] > 0 ~ Bernoulli(p); if y[i] > 0 { observe y[i] ~ Poisson(m).truncated(lower = 1); } }",
        drawn: Data,
    },
    Elsewhere {
        names: &[
            "hurdlenegbinomial",
            "hurdlenegativebinomial",
            "hurdlenegbin",
        ],
        parameters: "probability `p` of a number above 0, mean `m` and size `k`",
        observed: "for i in row { observe y[i] > 0 ~ Bernoulli(p); if y[i] > 0 { observe y[i] ~ NegBinomial(m, size = k).truncated(lower = 1); } }",
        drawn: Data,
    },
];

/// How a distribution of that name is written here; `drawn`: of an unknown.
pub(super) fn advice(name: &str, drawn: bool) -> Option<String> {
    let plain: String = name.chars().filter(|c| *c != '_').collect();
    let plain = plain.to_lowercase();
    let Some(found) = ELSEWHERE.iter().find(|e| e.names.contains(&&*plain)) else {
        return changed(&plain, drawn);
    };
    let Elsewhere {
        parameters,
        observed,
        ..
    } = found;
    Some(match (&found.drawn, drawn) {
        (Through(statements), true) => {
            format!("write `{statements}`, with {parameters}")
        }
        (Kind(kind), true) => {
            format!("write `y: {kind} ~ Flat(); {observed}`, with {parameters}")
        }
        _ => format!("of data `y` write `{observed}`, with {parameters}"),
    })
}

/// A distribution that is here, of a function of the value: `LogStudentT`, `ShiftedLogNormal`.
fn changed(plain: &str, drawn: bool) -> Option<String> {
    let here = |short: &str| {
        let names = ppl_dist::ALL.iter().map(|d| d.definition());
        names
            .filter(|d| d.event == ppl_dist::Shape::Scalar && !d.is_discrete())
            .find(|d| d.name.to_lowercase() == short)
            .map(|d| d.name)
    };
    let after = |starts: &[&str]| starts.iter().find_map(|s| here(plain.strip_prefix(s)?));
    if here(plain).is_some() {
        return None;
    }
    if let Some(of) = after(&["log"]) {
        return Some(match drawn {
            true => format!("write `u ~ {of}(…); let y = exp(u);`"),
            false => {
                format!("of data `y` write `observe log(y) ~ {of}(…); factor -log(y);`")
            }
        });
    }
    let inverse = |of: &str| here(&format!("inv{}", of.to_lowercase())).is_some();
    if let Some(of) = after(&["inverse", "inv", "reciprocal"]).filter(|of| !inverse(of)) {
        return Some(match drawn {
            true => format!("write `u ~ {of}(…); let y = 1 / u;`"),
            false => {
                format!("of data `y` write `observe 1 / y ~ {of}(…); factor -2 * log(y);`")
            }
        });
    }
    if let Some(of) = after(&["shifted"]) {
        return Some(match drawn {
            true => format!("write `u ~ {of}(…); let y = u + shift;`"),
            false => format!("of data `y` write `factor log_density({of}(…), y - shift);`"),
        });
    }
    if let Some(of) = after(&["truncated", "trunc"]) {
        return Some(format!("write `{of}(…).truncated(lower = …, upper = …)`"));
    }
    None
}
