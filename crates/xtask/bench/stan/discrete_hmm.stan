// A hidden Markov model of two states, summed out: 1,000 times.
data {
  int<lower=1> N;
  vector[N] y;
}
parameters {
  vector<lower=0, upper=1>[2] stay;
  ordered[2] mu;
  vector<lower=0>[2] sigma;
}
model {
  stay ~ beta(8, 2);
  mu ~ normal(0, 3);
  sigma ~ std_normal();
  target += 2 * log2(); // the halves of the normals
  array[2] vector[N] emission;
  for (k in 1 : 2) {
    emission[k] = -0.5 * square((y - mu[k]) / sigma[k]) - log(sigma[k]) - 0.5 * log(2 * pi());
  }
  // The forward algorithm written out takes less time than hmm_marginal.
  vector[2] log_stay = log(stay);
  vector[2] log_leave = log1m(stay);
  real a = emission[1, 1] - log2();
  real b = emission[2, 1] - log2();
  for (t in 2 : N) {
    real next = log_sum_exp(a + log_stay[1], b + log_leave[2]) + emission[1, t];
    b = log_sum_exp(a + log_leave[1], b + log_stay[2]) + emission[2, t];
    a = next;
  }
  target += log_sum_exp(a, b);
}
