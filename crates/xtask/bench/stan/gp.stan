// A Gaussian process on 300 points, its function integrated out.
data {
  int<lower=1> N;
  array[N] real x;
  vector[N] y;
}
transformed data {
  vector[N] zeros = rep_vector(0, N);
}
parameters {
  real<lower=0> scale;
  real<lower=0> length;
  real<lower=0> sigma;
}
model {
  scale ~ std_normal();
  length ~ lognormal(0, 0.5);
  sigma ~ std_normal();
  target += 2 * log2(); // the halves of the normals
  matrix[N, N] K = add_diag(gp_exp_quad_cov(x, scale, length), square(sigma));
  y ~ multi_normal_cholesky(zeros, cholesky_decompose(K));
}
