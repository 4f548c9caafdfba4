//! CarIcar(node1, node2), CarIcar(adjacency = W); with weight = w and sd = s.

use super::parts::standard_normal;
use crate::arrays::Arrays;
use crate::definition::*;
use crate::expr::Expr;
use crate::linear::cholesky;
use crate::real::Real;
use rand::Rng;

/// The intrinsic conditional autoregression on a connected graph, on the vectors that sum to 0.
pub struct CarIcar;

const NODE1: Parameter = Parameter::own_axis(
    "node1",
    Domain::Element,
    "one end of each edge: a column of labels of the draw's axis",
);
const NODE2: Parameter = Parameter::own_axis("node2", Domain::Element, "the other end");
const WEIGHT: Parameter = Parameter::own_axis("weight", Domain::Positive, "of each edge");
const SD: Parameter = Parameter::scalar("sd", Domain::Positive, "scale of the whole vector");
const ADJACENCY: Parameter = Parameter::matrix(
    "adjacency",
    Domain::Adjacency,
    "symmetric matrix of weights of neighbours, 0 elsewhere and on the diagonal",
);

const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// An edge: its ends and its weight.
type Edge<R> = (R, R, R);

/// The element at a position that may be calculated.
fn element<R: Real>(x: &[R], at: R) -> R {
    let zero = R::lit(0.0);
    x.iter().enumerate().fold(zero, |sum, (k, &v)| {
        sum + at.equal(R::lit(k as f64)).select(v, zero)
    })
}

fn edges<R: Real>(p: &[&[R]]) -> Vec<Edge<R>> {
    let weight = |e: usize| p[2][e.min(p[2].len() - 1)];
    (0..p[0].len())
        .map(|e| (p[0][e], p[1][e], weight(e)))
        .collect()
}

/// The precision matrix for a scale of 1: D - W.
fn precision<R: Real>(edges: &[Edge<R>], k: usize) -> Vec<R> {
    let (zero, one) = (R::lit(0.0), R::lit(1.0));
    let mut q = vec![zero; k * k];
    for &(a, b, w) in edges {
        let hit = |at: R, i: usize| at.equal(R::lit(i as f64)).select(one, zero);
        for i in 0..k {
            for j in 0..k {
                let (i_, j_) = (hit(a, i) - hit(b, i), hit(a, j) - hit(b, j));
                q[i * k + j] = q[i * k + j] + w * i_ * j_;
            }
        }
    }
    q
}

/// ln of the product of the positive eigenvalues: K times any cofactor (Kirchhoff's matrix-tree theorem).
fn ln_pseudo_determinant<R: Real>(q: &[R], k: usize) -> R {
    let m = k - 1;
    let minor: Vec<R> = (0..m * m).map(|i| q[i / m * k + i % m]).collect();
    let l = cholesky(&minor, m);
    let half = (0..m).fold(R::lit(0.0), |sum, i| sum + l[i * m + i].ln());
    R::lit((k as f64).ln()) + R::lit(2.0) * half
}

/// What does not depend on the vector; `square` is x'(D - W)x.
fn ln_density<R: Real>(k: usize, ln_determinant: R, square: R, sd: R) -> R {
    let n = R::lit(k as f64 - 1.0);
    R::lit(0.5) * ln_determinant
        - n * (R::lit(HALF_LN_2PI) + sd.ln())
        - R::lit(0.5) * square / (sd * sd)
}

/// The sd among the arguments of a form, if it has one.
fn sd_of<T>(form: usize, p: &[T]) -> Option<&T> {
    let place = CarIcar::DEFINITION.forms[form].parameters;
    place.iter().position(|q| q.name == "sd").map(|i| &p[i])
}

impl Density for CarIcar {
    const DEFINITION: Definition = Definition {
        name: "CarIcar",
        summary: "An intrinsic autoregression over the areas of a connected map (Besag 1974), on the vectors that sum to 0, normalised there: neighbours differ by Normal(0, sd / sqrt(weight)).",
        formula: "-((K-1)/2) ln(2 pi sd^2) + ln(product of the positive eigenvalues of D - W)/2 - (the sum over edges of w (x[node1] - x[node2])^2)/(2 sd^2); Rue & Held 2005, section 3.2",
        forms: &[
            Form {
                parameters: &[NODE1, NODE2, WEIGHT, SD],
                positional: 2,
            },
            Form {
                parameters: &[NODE1, NODE2, SD],
                positional: 2,
            },
            Form {
                parameters: &[NODE1, NODE2],
                positional: 2,
            },
            Form {
                parameters: &[ADJACENCY, SD],
                positional: 0,
            },
            Form {
                parameters: &[ADJACENCY],
                positional: 0,
            },
            Form {
                parameters: &[NODE1, NODE2, WEIGHT],
                positional: 2,
            },
        ],
        support: Support::SumToZero,
        event: Shape::Vector,
        ..Definition::SCALAR
    };

    fn ln_density<R: Real>(x: &[R], p: &[&[R]]) -> R {
        let edges = edges(p);
        let square = edges.iter().fold(R::lit(0.0), |sum, &(a, b, w)| {
            let d = element(x, a) - element(x, b);
            sum + w * d * d
        });
        let determinant = ln_pseudo_determinant(&precision(&edges, x.len()), x.len());
        ln_density(x.len(), determinant, square, p[3][0])
    }

    fn sample(p: &[&[f64]], rng: &mut dyn Rng, out: &mut [f64]) {
        // With 1/K added everywhere the precision is regular, and only the mean of a draw changes.
        let k = out.len();
        let mut q = precision(&edges(p), k);
        q.iter_mut().for_each(|v| *v += 1.0 / k as f64);
        let l = cholesky(&q, k);
        out.iter_mut().for_each(|o| *o = standard_normal(rng));
        for i in (0..k).rev() {
            let rest: f64 = (i + 1..k).map(|j| l[j * k + i] * out[j]).sum();
            out[i] = (out[i] - rest) / l[i * k + i];
        }
        let mean = out.iter().sum::<f64>() / k as f64;
        out.iter_mut().for_each(|o| *o = p[3][0] * (*o - mean));
    }

    fn canonical<R: Real>(form: usize, p: &[Vec<R>]) -> Vec<Vec<R>> {
        let sd = sd_of(form, p).cloned().unwrap_or(vec![R::lit(1.0)]);
        if !matches!(form, 3 | 4) {
            let weight = match form {
                0 | 5 => p[2].clone(),
                _ => vec![R::lit(1.0)],
            };
            return vec![p[0].clone(), p[1].clone(), weight, sd];
        }
        let k = crate::linear::side(p[0].len());
        let pairs = (0..k).flat_map(|i| (0..i).map(move |j| (i, j)));
        let (mut a, mut b, mut w) = (vec![], vec![], vec![]);
        for (i, j) in pairs {
            a.push(R::lit(i as f64));
            b.push(R::lit(j as f64));
            w.push(p[0][i * k + j]);
        }
        vec![a, b, w, sd]
    }

    fn ln_density_arrays<'b>(
        arrays: &dyn Arrays<'b>,
        form: usize,
        x: Expr<'b>,
        p: &[Expr<'b>],
    ) -> Option<Expr<'b>> {
        let k = arrays.size();
        let sd = sd_of(form, p).copied().unwrap_or(Expr::Const(1.0));
        let mut edges: Vec<Edge<f64>> = vec![];
        let square = if matches!(form, 3 | 4) {
            let w = arrays.known(p[0])?;
            for i in 0..k {
                edges.extend((0..i).map(|j| (i as f64, j as f64, w[i * k + j])));
            }
            let degree = |i: usize| (0..k).map(|j| w[i * k + j]).sum();
            let own = arrays.sum(arrays.vector(&degree) * x * x);
            own - arrays.sum(x * arrays.multiply(p[0], x, false))
        } else {
            let (a, b) = (arrays.known(p[0])?, arrays.known(p[1])?);
            let weight = match form {
                0 | 5 => p[2],
                _ => Expr::Const(1.0),
            };
            let w = arrays.known(weight)?;
            let each = |e: usize| (a[e], b[e], w[e.min(w.len() - 1)]);
            edges.extend((0..a.len()).map(each));
            let d = arrays.elements(x, p[0])? - arrays.elements(x, p[1])?;
            arrays.total(weight * d * d, p[0])
        };
        let determinant = ln_pseudo_determinant(&known_precision(&edges, k), k);
        Some(ln_density(k, Expr::Const(determinant), square, sd))
    }

    fn golden() -> Vec<Golden> {
        // numpy.linalg.eigvalsh of D - W, and the normal density in an orthonormal basis of the plane.
        vec![
            (
                vec![0.5, -0.25, 1.0, -1.25],
                vec![
                    vec![0.0, 1.0, 2.0, 0.0, 0.0],
                    vec![1.0, 2.0, 3.0, 3.0, 2.0],
                    vec![1.0],
                    vec![0.5],
                ],
                -19.94450610653432,
            ),
            (
                vec![0.5, -1.5, 1.0],
                vec![vec![0.0, 1.0], vec![1.0, 2.0], vec![2.0, 0.5], vec![1.5]],
                -4.571723360513841,
            ),
            // Two elements: one normal difference, in coordinates of the plane.
            (
                vec![0.5, -0.5],
                vec![vec![0.0], vec![1.0], vec![4.0], vec![2.0]],
                -1.0723649429247002,
            ),
        ]
    }
}

/// [`precision`] of whole positions.
fn known_precision(edges: &[Edge<f64>], k: usize) -> Vec<f64> {
    let mut q = vec![0.0; k * k];
    for &(a, b, w) in edges {
        let (a, b) = (a as usize, b as usize);
        q[a * k + a] += w;
        q[b * k + b] += w;
        q[a * k + b] -= w;
        q[b * k + a] -= w;
    }
    q
}
