// A mixture of three normals, the labels summed out: 5,000 rows.
data {
  int<lower=0> N;
  vector[N] y;
}
parameters {
  simplex[3] w;
  ordered[3] mu;
  vector<lower=0>[3] sigma;
}
model {
  w ~ dirichlet(rep_vector(1, 3));
  mu ~ normal(0, 5);
  sigma ~ normal(0, 2);
  target += 3 * log2(); // the halves of the normals
  // Whole vectors, which stanc keeps as arrays of doubles (rep_vector sees to that), and log(exp(a) + exp(b)) as
  // a + log1p_exp(b - a): normal_lpdf and log_sum_exp row by row take longer, and so does log_mix.
  vector[3] c = log(w) - log(sigma) - 0.5 * log(2 * pi());
  vector[N] part_1 = c[1] - 0.5 * square((y - rep_vector(mu[1], N)) / sigma[1]);
  vector[N] part_2 = c[2] - 0.5 * square((y - rep_vector(mu[2], N)) / sigma[2]);
  vector[N] part_3 = c[3] - 0.5 * square((y - rep_vector(mu[3], N)) / sigma[3]);
  vector[N] two = part_1 + log1p_exp(part_2 - part_1);
  target += sum(two + log1p_exp(part_3 - two));
}
