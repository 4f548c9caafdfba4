//! Pairs of statements to trees.

use pest::iterators::{Pair, Pairs};

use crate::ast::{
    AxisDef, Binder, Expr, ExprKind, FnArg, GuideBody, Ident, Kind, Stmt, StmtKind, Target,
    TargetAxis,
};
use crate::diagnostic::Span;

use super::expressions::unquote;
use super::{Builder, MAX_CHAIN, Rule, parts};

/// The meaningful parts of a statement, taken one after the other.
struct Parts<'p>(std::iter::Peekable<std::vec::IntoIter<Pair<'p, Rule>>>);

impl<'p> Parts<'p> {
    fn of(pair: Pair<'p, Rule>) -> Self {
        Parts(parts(pair).collect::<Vec<_>>().into_iter().peekable())
    }

    fn next(&mut self) -> Pair<'p, Rule> {
        self.0
            .next()
            .expect("invariant: the grammar gives this statement all of its parts")
    }

    fn next_if(&mut self, rule: Rule) -> Option<Pair<'p, Rule>> {
        self.0.next_if(|p| p.as_rule() == rule)
    }
}

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

    fn target_kind_expr(&mut self, mut p: Parts<'_>) -> (Target, Option<Kind>, Expr) {
        let target = self.target(p.next());
        let kind = p.next_if(Rule::kind).map(|k| self.kind(k));
        (target, kind, self.expr(p.next()))
    }

    fn target(&mut self, pair: Pair<'_, Rule>) -> Target {
        let span = self.span(&pair);
        let mut p = Parts::of(pair);
        let name = self.ident(&p.next());
        let mut axes = vec![];
        for axis in p.0 {
            let inner = parts(axis)
                .next()
                .expect("invariant: a place in a bracket holds a name or a binder");
            axes.push(if inner.as_rule() == Rule::binder {
                TargetAxis::Binder(self.binder(inner))
            } else {
                TargetAxis::Name(self.ident(&inner))
            });
        }
        Target { name, axes, span }
    }

    fn kind(&mut self, pair: Pair<'_, Rule>) -> Kind {
        let span = self.span(&pair);
        let mut p = Parts::of(pair);
        let censored = p.next_if(Rule::kw_censored).is_some();
        let name = self.ident(&p.next());
        let args = match p.next_if(Rule::kind_args) {
            Some(args) => parts(args).map(|e| self.expr(e)).collect(),
            None => vec![],
        };
        Kind {
            name,
            args,
            optional: p.next_if(Rule::optional).is_some(),
            censored,
            span,
        }
    }

    /// `y`, `y[t]`, `y[i in row]`: a binder's variable stands as an index in the value.
    fn observed(&mut self, pair: Pair<'_, Rule>) -> (Expr, Vec<Binder>) {
        if pair.as_rule() != Rule::bound_value {
            return (self.expr(pair), vec![]);
        }
        let span = self.span(&pair);
        let mut p = Parts::of(pair);
        let name = self.ident(&p.next());
        let mut binders = vec![];
        let mut indices = vec![];
        for index in p.0 {
            if index.as_rule() == Rule::binder {
                let binder = self.binder(index);
                let variable = &binder.variable;
                indices.push(Expr {
                    kind: ExprKind::Name(variable.name.clone()),
                    span: variable.span,
                });
                binders.push(binder);
            } else {
                indices.push(self.expr(index));
            }
        }
        let base = Expr {
            kind: ExprKind::Name(name.name),
            span: name.span,
        };
        (
            Expr {
                kind: ExprKind::Index(Box::new(base), indices),
                span,
            },
            binders,
        )
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

    fn function(&mut self, mut p: Parts<'_>) -> StmtKind {
        let mut head = Parts::of(p.next());
        let name = self.ident(&head.next());
        let args = head.0.map(|arg| self.fn_arg(arg)).collect();
        let mut lets = vec![];
        while let Some(pair) = p.next_if(Rule::let_stmt) {
            let span = self.span(&pair);
            let (target, kind, value) = self.target_kind_expr(Parts::of(pair));
            lets.push(Stmt {
                kind: StmtKind::Let {
                    target,
                    kind,
                    value,
                },
                span,
            });
        }
        StmtKind::Fn {
            name,
            args,
            lets,
            value: self.expr(p.next()),
        }
    }

    fn fn_arg(&self, pair: Pair<'_, Rule>) -> FnArg {
        let mut idents: Vec<Ident> = parts(pair).map(|i| self.ident(&i)).collect();
        let name = idents.remove(0);
        FnArg { name, axes: idents }
    }
}
