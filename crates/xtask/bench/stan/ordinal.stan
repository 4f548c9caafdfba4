// Ordinal regression: 5,000 rows, 8 columns, 5 categories.
data {
  int<lower=0> N;
  int<lower=0> D;
  matrix[N, D] X;
  array[N] int<lower=1, upper=5> y;
}
parameters {
  vector[D] b;
  ordered[4] c;
}
model {
  b ~ std_normal();
  c ~ normal(0, 3);
  y ~ ordered_logistic_glm(X, b, c);
}
