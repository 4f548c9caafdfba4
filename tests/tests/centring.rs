//! Centred or non-centred for each site by the bound: of two plates one is known well, the other hardly.

use ppl_lang::parts::guide::{self, Centring};
use ppl_lang::{Fit, FitOptions, GuideChoice};
use ppl_tests::{bind, fit};

const MODEL: &str = "
axis rich; axis poor;
data r[row]: rich; data p[row]: poor; data y[row]: real; data w[row]: real;
m ~ Normal(0, 5); s ~ HalfNormal(5); a[rich] ~ Normal(m, s);
n ~ Normal(0, 5); t ~ HalfNormal(5); b[poor] ~ Normal(n, t);
observe y ~ Normal(a[r], 0.1);
observe w ~ Normal(b[p], 20);
";

fn data() -> String {
    let mut out = String::from("r,p,y,w\n");
    for i in 0..12 {
        let (g, h) = (i % 4, i % 4);
        let wave = f64::from(i * 37 % 11) / 11.0 - 0.5;
        out += &format!(
            "r{g},p{h},{},{}\n",
            f64::from(g) * 1.3 + 0.1 * wave,
            15.0 * wave
        );
    }
    out
}

fn bound_of(fit: &Fit) -> (f64, f64) {
    let headline = fit.elbo.expect("a bound").headline();
    (headline.value, headline.se)
}

#[test]
fn each_plate_gets_its_own() {
    let data = data();
    // Of one Gaussian: a nested guide has coordinates of its own.
    let gaussian = FitOptions {
        guide: GuideChoice::FullRank,
        ..FitOptions::default()
    };
    let chosen = fit(MODEL, &data, &gaussian);
    assert!(
        chosen.guide_text.contains("noncentered = [b]"),
        "{}",
        chosen.guide_text
    );
    let said = |n: &String| n.contains("`b` drawn non-centred") && n.contains("`a` centred");
    assert!(chosen.notes.iter().any(said), "{:?}", chosen.notes);
    let bound = bind(MODEL, &data);
    let family = guide::find("full-rank").expect("a family");
    let text = guide::text(family, bound.inner(), Centring::Centred);
    let other = fit(&format!("{MODEL}\n{text}"), &data, &FitOptions::default());
    let (best, worse) = (bound_of(&chosen), bound_of(&other));
    assert!(
        best.0 > worse.0 + 2.0 * best.1.hypot(worse.1),
        "{best:?} {worse:?}"
    );
}
