//! A plan as text and as JSON.

use crate::number::grouped;
use ppl_infer::plan::Plan;
use serde_json::{Value, json};
use std::fmt::Write;

/// Some lines for a person.
pub fn plan_text(plan: &Plan) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "unknowns  {} after transforms", grouped(plan.unknowns));
    let _ = writeln!(out, "guide     {}: {}", plan.guide, plan.guide_why);
    for s in &plan.sites {
        let n = if s.elements == 1 {
            String::new()
        } else {
            format!(" ({} elements)", grouped(s.elements))
        };
        let centring = s
            .centring
            .as_ref()
            .map_or(String::new(), |c| format!("; {c}"));
        let _ = writeln!(
            out,
            "site      {}{n}: {}, {}{centring}",
            s.name, s.estimator, s.why
        );
    }
    let _ = writeln!(out, "richer    {}", plan.richer);
    let _ = writeln!(out, "search    {}", plan.candidates);
    let _ = writeln!(out, "engine    {}: {}", plan.engine, plan.engine_why);
    if plan.colours > 0 {
        let _ = writeln!(
            out,
            "hessian   {} products give its {} numbers that are not always zero; a gradient computes {} numbers",
            grouped(plan.colours),
            grouped(plan.nonzeros),
            grouped(plan.gradient_work)
        );
        let rungs: Vec<String> = plan
            .rungs
            .iter()
            .map(|r| {
                let part = match r.curvature < r.draws {
                    true => format!("; second derivatives of {}", r.curvature),
                    false => String::new(),
                };
                let when = match r.is_further() {
                    true => "; for the best parametrisation",
                    false => "",
                };
                format!("{} ({:.1e}{part}{when})", r.draws, r.work)
            })
            .collect();
        let _ = writeln!(
            out,
            "rungs     draws (and numbers computed a step): {}; from {}; as many as change the bound",
            rungs.join(", "),
            match plan.starts {
                1 => "one start".to_owned(),
                starts => format!("the best of {starts} starts"),
            }
        );
        if !plan.left_out.is_empty() {
            let left: Vec<String> = plan.left_out.iter().map(usize::to_string).collect();
            let _ = writeln!(
                out,
                "          {} draws are left out: a step would cost too much",
                left.join(", ")
            );
        }
    }
    for (i, (family, what)) in plan.ladder.iter().enumerate() {
        let head = if i == 0 { "ladder" } else { "" };
        let _ = writeln!(out, "{head:<9} {family}: {what}");
    }
    out
}

/// The same for a program.
pub fn plan_json(plan: &Plan) -> String {
    let site = |s: &ppl_infer::plan::Site| json!({ "name": s.name, "elements": s.elements, "estimator": s.estimator, "why": s.why, "centring": s.centring });
    let rungs: Vec<Value> = plan
        .rungs
        .iter()
        .map(|r| json!({ "draws": r.draws, "hessian_draws": r.curvature, "work_per_step": r.work }))
        .collect();
    let document = json!({
        "format": 1,
        "unknowns": plan.unknowns,
        "guide": { "family": plan.guide, "why": plan.guide_why },
        "richer": plan.richer,
        "sites": plan.sites.iter().map(site).collect::<Vec<_>>(),
        "search": plan.candidates,
        "engine": { "name": plan.engine, "why": plan.engine_why },
        "starts": plan.starts,
        "hessian": { "colours": plan.colours, "nonzeros": plan.nonzeros },
        "gradient_work": plan.gradient_work,
        "rungs": rungs,
        "rungs_left_out": plan.left_out,
        "ladder": plan.ladder.iter().map(|(family, what)| json!({ "family": family, "for": what })).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}
