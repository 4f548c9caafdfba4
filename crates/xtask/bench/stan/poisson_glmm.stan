// Counts with an effect of each group: 20,000 rows, 1,000 groups.
data {
  int<lower=0> N;
  int<lower=1> n_g;
  array[N] int<lower=1, upper=n_g> g;
  vector[N] x;
  array[N] int<lower=0> y;
}
parameters {
  real b0;
  real b1;
  real<lower=0> s;
  vector[n_g] z;
}
model {
  b0 ~ normal(0, 2);
  b1 ~ std_normal();
  s ~ std_normal();
  target += log2(); // the half of the normal
  z ~ std_normal();
  vector[n_g] a = b0 + s * z;
  // Faster here than poisson_log_glm with the groups as its intercepts.
  y ~ poisson_log(a[g] + b1 * x);
}
