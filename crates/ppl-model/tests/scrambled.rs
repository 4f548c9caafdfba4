//! Models with tokens deleted, doubled, swapped and put in from elsewhere: messages, never a panic.

mod common;

use common::{diagnostics, table};

const MODELS: [&str; 6] = [
    "data y[row]: real; data s[row]: positive; mu ~ Normal(0, 5); tau ~ HalfCauchy(5); t[row] ~ Normal(0, 1); let theta[row] = mu + tau * t; observe y ~ Normal(theta, s); report mu2 = mu ^ 2;",
    "axis g; axis coef = {a, b}; data g[row]: g; data x[row]: real; data y[row]: real; mu[coef] ~ Normal(0, 5); tau[coef] ~ HalfNormal(1); L[coef, coef] ~ LkjCholesky(2); ab[g, coef] ~ MultiNormal(mu, scale_tril = diag(tau) @ L); s ~ HalfNormal(1); observe y ~ Normal(ab[g, a] + ab[g, b] * x, s);",
    "axis f = columns(\"x*\"); data X[row, f]: real; data n[row]: bool; alpha ~ Normal(0, 5); beta[f] ~ Normal(0, 1); observe n ~ BernoulliLogit(alpha + X @ beta); factor -0.5 * sum(beta ^ 2);",
    "axis k = 3; data y[row]: real; w[k] ~ Dirichlet(1); m[k]: ordered ~ Normal(0, 10); for i in row { factor log_sum_exp(log(w) + log_density(Normal(m, 1), y[i]), over = k); }",
    "data n: int; axis j = n; data y[row]: real; b[j] ~ Normal(0, 1); let z = (y - mean(y)) / sd(y); observe z ~ Normal(if sum(b) > 0 { b[1] } else { 2 }, 1);",
    "data y[row]: real; mu ~ Normal(0, 5); tau ~ HalfNormal(1); observe y ~ Normal(mu, tau); guide { param m = 0; param s: positive = 1; mu ~ Normal(m, s); tau ~ LogNormal(m, s); }",
];

/// xorshift64*: the same mutations on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

/// Words, numbers, strings and single marks.
fn tokens(text: &str) -> Vec<&str> {
    let mut out = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let len = if first == '"' {
            rest[1..].find('"').map_or(rest.len(), |i| i + 2)
        } else if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        out.push(&rest[..len]);
        rest = &rest[len..];
    }
    out
}

#[test]
fn mutations_never_panic() {
    let mut data = table("g,x,y,n,s,x1\na,1,2,1,1,0\nb,2,1,0,2,5\n");
    data.scalars.insert("n".to_owned(), 2.0);
    let all: Vec<Vec<&str>> = MODELS.iter().map(|m| tokens(m)).collect();
    for text in MODELS {
        let found = diagnostics(text, Some(&data));
        assert!(found.is_empty(), "{text}\n{found:?}");
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut right = 0;
    for round in 0..3000 {
        let mut mutant = all[round % all.len()].clone();
        for _ in 0..=numbers.below(3) {
            let (i, j) = (numbers.below(mutant.len()), numbers.below(mutant.len()));
            match numbers.below(4) {
                0 => drop(mutant.remove(i)),
                1 => mutant.insert(j, mutant[i]),
                2 => mutant.swap(i, j),
                _ => {
                    let other = &all[numbers.below(all.len())];
                    mutant[i] = other[numbers.below(other.len())];
                }
            }
        }
        let text = mutant.concat();
        let found = std::panic::catch_unwind(|| diagnostics(&text, Some(&data)));
        right += usize::from(
            found
                .unwrap_or_else(|_| panic!("panics: {text}"))
                .is_empty(),
        );
    }
    assert!(right > 100, "only {right} mutants were still models");
}
