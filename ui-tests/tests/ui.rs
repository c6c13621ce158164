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

/// What the page about errors quotes is what the compiler says in one of the cases.
#[test]
fn the_page_about_errors_quotes_the_compiler() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = root.join("../netaio/src/docs/handler_errors.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let mut said = String::new();
    for attribute in ["app", "on", "once", "message_types", "handlers"] {
        let folder = std::fs::read_dir(root.join(attribute).join("fail")).expect("cases");
        for file in
            folder.flatten().filter(|file| file.path().extension().is_some_and(|e| e == "stderr"))
        {
            said += &std::fs::read_to_string(file.path()).expect("a message");
        }
    }
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next()?.strip_prefix("| `"));
    let mut quoted = 0;
    for cell in cells {
        for quote in cell.trim_end_matches('`').split("` ... `") {
            assert!(said.contains(quote), "no case says `{quote}`");
            quoted += 1;
        }
    }
    assert!(quoted >= 30, "{quoted} quotes");
}
