//! Cross-crate tests of the language and its answers; the cases live beside this crate.
