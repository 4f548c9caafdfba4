// A hidden Markov model of three states with a covariate in the emissions: 1,000 times.
data {
  int<lower=1> N;
  vector[N] x;
  vector[N] y;
}
parameters {
  array[3] simplex[3] P;
  ordered[3] mu;
  vector[3] b;
  vector<lower=0>[3] sigma;
}
model {
  P ~ dirichlet(rep_vector(2, 3));
  mu ~ normal(0, 3);
  b ~ std_normal();
  sigma ~ std_normal();
  target += 3 * log2(); // the halves of the normals
  matrix[3, 3] transition;
  matrix[3, N] emission;
  for (k in 1 : 3) {
    transition[k] = P[k]';
    emission[k] = (-0.5 * square((y - mu[k] - b[k] * x) / sigma[k]) - log(sigma[k]) - 0.5 * log(2 * pi()))';
  }
  // Takes less time than the forward algorithm written out, other than with two states.
  target += hmm_marginal(emission, transition, rep_vector(1.0 / 3, 3));
}
