// Three indices a row, a product of two look-ups: answers of 500 people from 20 schools to 40 items, 20,000 rows.
data {
  int<lower=0> N;
  int<lower=1> n_p;
  int<lower=1> n_q;
  int<lower=1> n_s;
  array[N] int<lower=1, upper=n_p> p;
  array[N] int<lower=1, upper=n_q> q;
  array[N] int<lower=1, upper=n_s> s;
  array[N] int<lower=0, upper=1> y;
}
parameters {
  real<lower=0> tau;
  vector[n_p] ability;
  vector<lower=0>[n_q] discrimination;
  vector[n_q] difficulty;
  vector[n_s] effect;
}
model {
  tau ~ std_normal();
  target += log2(); // the half of the normal
  ability ~ std_normal();
  discrimination ~ lognormal(0, 0.5);
  difficulty ~ std_normal();
  effect ~ std_normal();
  vector[n_s] a = tau * effect;
  y ~ bernoulli_logit(discrimination[q] .* (ability[p] - difficulty[q]) + a[s]);
}
