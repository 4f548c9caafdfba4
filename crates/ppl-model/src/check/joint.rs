//! What of a model's text makes the joint density.

use ppl_syntax::ast;

/// Canonical text of what makes the joint density.
pub(super) fn text(file: &ast::File) -> String {
    let mut statements = file.statements.clone();
    keep_joint(&mut statements);
    ppl_syntax::print_statements(&statements)
}

fn keep_joint(statements: &mut Vec<ast::Stmt>) {
    use ast::StmtKind::{For, Guide, If, Predict, Report};
    statements.retain_mut(|s| match &mut s.kind {
        Guide(_) | Report { .. } | Predict { .. } => false,
        For { body, .. } => {
            keep_joint(body);
            !body.is_empty()
        }
        If {
            then, otherwise, ..
        } => {
            keep_joint(then);
            keep_joint(otherwise);
            !(then.is_empty() && otherwise.is_empty())
        }
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guides_reports_and_predictions_are_left_out() {
        let of = |source: &str| {
            let (file, messages) = ppl_syntax::parse(source);
            assert!(messages.is_empty(), "{messages:?}");
            text(&file)
        };
        let plain = of("data y[row]: real; mu ~ Normal(0, 1); observe y ~ Normal(mu, 1);");
        let more = of("// a comment
data y[row]: real;
mu  ~  Normal(0, 1);
observe y ~ Normal(mu, 1);
report twice = 2 * mu;
predict again[row] ~ Normal(mu, 1);
for t in row { predict z[t] ~ Normal(mu, 1); }
guide auto(full_rank);");
        assert_eq!(plain, more);
        let other = of("data y[row]: real; mu ~ Normal(0, 2); observe y ~ Normal(mu, 1);");
        assert_ne!(plain, other);
    }
}
