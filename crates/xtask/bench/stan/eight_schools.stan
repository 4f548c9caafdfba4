// Eight effects with known standard errors, partially pooled.
data {
  int<lower=0> N;
  vector[N] y;
  vector<lower=0>[N] sigma;
}
parameters {
  real mu;
  real<lower=0> tau;
  vector[N] eta;
}
model {
  mu ~ normal(0, 5);
  tau ~ cauchy(0, 5);
  target += log2(); // the half of the Cauchy
  eta ~ std_normal();
  y ~ normal(mu + tau * eta, sigma);
}
