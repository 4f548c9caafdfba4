//! The environment variable that asks for other instructions; a process of its own, since the environment is one for all.

use ppl_engine::{EngineError, InstructionSet};

#[test]
fn a_variable_names_the_instructions() {
    // SAFETY: this process has no other test and no other thread that reads the environment.
    let set = |name: &str| unsafe { std::env::set_var("PPL_INSTRUCTIONS", name) };
    let best = *InstructionSet::available().last().unwrap();
    for known in InstructionSet::available() {
        set(known.name());
        assert_eq!(InstructionSet::chosen().unwrap(), known);
    }
    set("");
    assert_eq!(InstructionSet::chosen().unwrap(), best);
    set("abacus");
    let error = InstructionSet::chosen().unwrap_err();
    assert!(matches!(error, EngineError::Instructions { .. }));
    assert!(
        error
            .to_string()
            .starts_with("PPL_INSTRUCTIONS is `abacus`; this machine has baseline"),
        "{error}"
    );
}
