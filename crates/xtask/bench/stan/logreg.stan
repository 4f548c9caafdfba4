// Logistic regression: 100,000 rows, 50 columns.
data {
  int<lower=0> N;
  int<lower=0> D;
  matrix[N, D] X;
  array[N] int<lower=0, upper=1> y;
}
parameters {
  real a;
  vector[D] b;
}
model {
  a ~ normal(0, 5);
  b ~ std_normal();
  y ~ bernoulli_logit_glm(X, a, b);
}
