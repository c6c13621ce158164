//! Every error of the macros, and what must compile.

#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    for attribute in ["app", "on", "once", "message_types", "handlers"] {
        cases.compile_fail(format!("{attribute}/fail/*.rs"));
    }
}

#[test]
fn good_programs_compile_and_run() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
