// Two crossed factors: 20,000 rows, 300 and 200 levels, in no order.
data {
  int<lower=0> N;
  int<lower=1> n_g;
  int<lower=1> n_h;
  array[N] int<lower=1, upper=n_g> g;
  array[N] int<lower=1, upper=n_h> h;
  vector[N] y;
}
parameters {
  real mu;
  real<lower=0> s_u;
  real<lower=0> s_v;
  real<lower=0> s;
  vector[n_g] u;
  vector[n_h] v;
}
model {
  mu ~ normal(0, 5);
  s_u ~ std_normal();
  s_v ~ std_normal();
  s ~ std_normal();
  target += 3 * log2(); // the halves of the normals
  u ~ std_normal();
  v ~ std_normal();
  vector[n_g] a = mu + s_u * u;
  vector[n_h] b = s_v * v;
  y ~ normal(a[g] + b[h], s);
}
