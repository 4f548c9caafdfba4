// A stationary autoregression of log variances, drawn by its innovations: 2,000 times.
data {
  int<lower=1> N;
  vector[N] y;
}
parameters {
  real mu;
  real<lower=0, upper=1> u;
  real<lower=0> sigma;
  vector[N] z;
}
model {
  real phi = 2 * u - 1;
  mu ~ normal(0, 5);
  u ~ beta(20, 1.5);
  sigma ~ std_normal();
  target += log2(); // the half of the normal
  z ~ std_normal();
  vector[N] h = sigma * z;
  h[1] /= sqrt(1 - square(phi));
  for (t in 2 : N) {
    h[t] += phi * h[t - 1];
  }
  y ~ normal(0, exp((mu + h) / 2));
}
