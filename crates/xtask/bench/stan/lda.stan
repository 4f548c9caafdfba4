// Latent Dirichlet allocation, the topics of the words summed out: 5,000 words, 50 documents, 5 topics, 200 different words.
data {
  int<lower=0> N;
  int<lower=1> n_d;
  int<lower=1> n_w;
  array[N] int<lower=1, upper=n_d> d;
  array[N] int<lower=1, upper=n_w> w;
}
parameters {
  array[n_d] simplex[5] theta;
  array[5] simplex[n_w] phi;
}
model {
  theta ~ dirichlet(rep_vector(0.5, 5));
  phi ~ dirichlet(rep_vector(0.5, n_w));
  matrix[n_d, 5] topics;
  for (i in 1 : n_d) {
    topics[i] = theta[i]';
  }
  matrix[n_w, 5] words;
  for (k in 1 : 5) {
    words[ : , k] = phi[k];
  }
  // The probabilities' own scale: log_sum_exp of logarithms takes longer.
  target += sum(log(rows_dot_product(topics[d], words[w])));
}
