// Intercept and slope by group: 12,500 rows, 400 groups.
data {
  int<lower=0> N;
  int<lower=1> n_g;
  array[N] int<lower=1, upper=n_g> g;
  vector[N] x;
  vector[N] y;
}
parameters {
  real mu_a;
  real mu_b;
  real<lower=0> s_a;
  real<lower=0> s_b;
  real<lower=0> s;
  vector[n_g] za;
  vector[n_g] zb;
}
model {
  mu_a ~ normal(0, 5);
  mu_b ~ std_normal();
  s_a ~ std_normal();
  s_b ~ std_normal();
  s ~ std_normal();
  target += 3 * log2(); // the halves of the normals
  za ~ std_normal();
  zb ~ std_normal();
  vector[n_g] a = mu_a + s_a * za;
  vector[n_g] b = mu_b + s_b * zb;
  y ~ normal(a[g] + b[g] .* x, s);
}
