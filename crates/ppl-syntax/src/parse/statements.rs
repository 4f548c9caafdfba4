//! Pairs of statements to trees.

use pest::iterators::{Pair, Pairs};

use crate::ast::{AxisDef, Expr, GuideBody, Kind, Stmt, StmtKind, Target};
use crate::diagnostic::Span;

use super::operands::unquote;
use super::targets::Parts;
use super::{Builder, MAX_CHAIN, Rule, parts};

impl Builder<'_> {
    /// The statements of a file or block; what did not match goes to recovery.
    pub(super) fn items(&mut self, pairs: Pairs<'_, Rule>) -> Vec<Stmt> {
        let mut statements = vec![];
        for pair in pairs {
            match pair.as_rule() {
                Rule::stmt => statements.push(self.stmt(pair)),
                Rule::junk => {
                    let span = self.span(&pair);
                    statements.extend(self.recover(span));
                }
                _ => {}
            }
        }
        statements
    }

    /// The tree of a `stmt` pair.
    pub(super) fn stmt(&mut self, pair: Pair<'_, Rule>) -> Stmt {
        let inner = parts(pair)
            .next()
            .expect("invariant: a statement is one of its alternatives");
        let span = self.span(&inner);
        let rule = inner.as_rule();
        let mut p = Parts::of(inner);
        let kind = match rule {
            Rule::axis_stmt => self.axis(p),
            Rule::data_stmt => {
                let target = self.target(p.next());
                let kind = self.kind(p.next());
                let from = p
                    .next_if(Rule::string)
                    .map(|s| (unquote(s.as_str()), self.span(&s)));
                StmtKind::Data { target, kind, from }
            }
            Rule::param_stmt => {
                let (target, kind, init) = self.target_kind_expr(p);
                StmtKind::Param { target, kind, init }
            }
            Rule::let_stmt => {
                let (target, kind, value) = self.target_kind_expr(p);
                StmtKind::Let {
                    target,
                    kind,
                    value,
                }
            }
            Rule::sample_stmt => {
                let (target, kind, dist) = self.target_kind_expr(p);
                StmtKind::Sample { target, kind, dist }
            }
            Rule::joint_stmt => {
                let mut sites = vec![];
                while let Some(site) = p.next_if(Rule::ident) {
                    sites.push(self.ident(&site));
                }
                StmtKind::SampleJoint {
                    sites,
                    dist: self.expr(p.next()),
                }
            }
            Rule::observe_stmt => {
                let (value, binders) = self.observed(p.next());
                StmtKind::Observe {
                    value,
                    binders,
                    dist: self.expr(p.next()),
                }
            }
            Rule::factor_stmt => StmtKind::Factor {
                value: self.expr(p.next()),
            },
            Rule::for_stmt => self.for_loop(p),
            Rule::if_stmt => return self.if_chain(p, span),
            Rule::fn_short | Rule::fn_stmt => self.function(p),
            Rule::report_stmt => StmtKind::Report {
                target: self.target(p.next()),
                value: self.expr(p.next()),
            },
            Rule::predict_stmt => StmtKind::Predict {
                target: self.target(p.next()),
                dist: self.expr(p.next()),
            },
            Rule::net_stmt => StmtKind::Net {
                name: self.ident(&p.next()),
                value: self.expr(p.next()),
            },
            Rule::guide_block => {
                StmtKind::Guide(GuideBody::Block(self.items(p.next().into_inner())))
            }
            Rule::guide_auto => StmtKind::Guide(GuideBody::Auto(self.ident(&p.next()))),
            _ => {
                let site = self.ident(&p.next());
                StmtKind::Guide(GuideBody::Site(site, self.expr(p.next())))
            }
        };
        Stmt { kind, span }
    }

    fn axis(&mut self, mut p: Parts<'_>) -> StmtKind {
        let name = self.ident(&p.next());
        let definition = p.0.next().map(|definition| match definition.as_rule() {
            Rule::levels => AxisDef::Levels(self.strings(definition)),
            Rule::columns => AxisDef::Columns(self.strings(definition)),
            Rule::range => {
                let mut ends = Parts::of(definition);
                let first = self.expr(ends.next());
                AxisDef::Range(Box::new(first), Box::new(self.expr(ends.next())))
            }
            _ => AxisDef::Size(self.expr(definition)),
        });
        StmtKind::Axis { name, definition }
    }

    /// Labels or strings with their places; quotes taken off.
    fn strings(&self, pair: Pair<'_, Rule>) -> Vec<(String, Span)> {
        parts(pair)
            .map(|s| (unquote(s.as_str().trim_end()), self.span(&s)))
            .collect()
    }

    pub(super) fn target_kind_expr(&mut self, mut p: Parts<'_>) -> (Target, Option<Kind>, Expr) {
        let target = self.target(p.next());
        let kind = p.next_if(Rule::kind).map(|k| self.kind(k));
        (target, kind, self.expr(p.next()))
    }

    fn for_loop(&mut self, mut p: Parts<'_>) -> StmtKind {
        let binder = self.binder(p.next());
        let by = p
            .next_if(Rule::by_clause)
            .map(|c| self.ident(&Parts::of(c).next()));
        let skip = p
            .next_if(Rule::skip_clause)
            .map(|c| self.expr(Parts::of(c).next()));
        StmtKind::For {
            binder,
            by,
            skip,
            body: self.items(p.next().into_inner()),
        }
    }

    /// `else if` is read flat and folded from the last branch to the first.
    fn if_chain(&mut self, mut p: Parts<'_>, whole: Span) -> Stmt {
        let mut branches = vec![];
        let depth = self.depth;
        while let Some(condition) = p.next_if(Rule::expr) {
            self.depth += 1;
            let start = if branches.is_empty() {
                whole.start
            } else {
                self.span(&condition).start
            };
            let condition = self.expr(condition);
            branches.push((start, condition, self.items(p.next().into_inner())));
        }
        let mut otherwise = match p.next_if(Rule::block) {
            Some(block) => self.items(block.into_inner()),
            None => vec![],
        };
        self.check_chain(self.depth, whole);
        if self.depth > MAX_CHAIN {
            branches.truncate(1);
            otherwise.clear();
        }
        self.depth = depth;
        while let Some((start, condition, then)) = branches.pop() {
            let kind = StmtKind::If {
                condition,
                then,
                otherwise,
            };
            otherwise = vec![Stmt {
                kind,
                span: Span {
                    start,
                    end: whole.end,
                },
            }];
        }
        otherwise
            .pop()
            .expect("invariant: an `if` has at least one branch")
    }
}
