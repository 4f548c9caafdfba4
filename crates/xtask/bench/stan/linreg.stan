// Linear regression: 10,000 rows, 20 columns.
data {
  int<lower=0> N;
  int<lower=0> D;
  matrix[N, D] X;
  vector[N] y;
}
parameters {
  real a;
  vector[D] b;
  real<lower=0> sigma;
}
model {
  a ~ normal(0, 5);
  b ~ std_normal();
  sigma ~ std_normal();
  target += log2(); // the half of the normal
  y ~ normal_id_glm(X, a, b, sigma);
}
