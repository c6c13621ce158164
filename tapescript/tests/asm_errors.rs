//! What errors of the assembler look like: the line, the column, a mark below the guilty token, and what was expected.

use tapescript::asm::{AssembleError, Assembler, assemble};
use tapescript::{Error, ErrorKind};

/// Makes a test of each mistake.
macro_rules! mistakes {
    ($($name:ident: $source:expr;)*) => {
        $(
            #[test]
            fn $name() {
                show(stringify!($name), &$source, assemble(&$source));
            }
        )*
    };
}

mistakes! {
    misspelled_word: "push d5\ndupe\nverify";
    misspelled_word_with_prefix: "op_check_sign_verfy x00";
    unknown_word: "push d5 teleport";
    stray_brace: "if { true } }";
    else_without_if: "true\nelse { false }";
    op_name_in_the_place_of_a_value: "push\nadd_ints d2";
    value_without_letter: "add_ints 2";
    value_missing: "true\n  swap2 push";
    decimal_with_point: "push d1.5";
    odd_hex: "push xabc";
    byte_out_of_range: "pop1 d200";
    byte_too_long: "copy x0102";
    float_with_point: "div_float f1.5";
    float_for_push2: "push2 f1.5 true";
    float_too_large: format!("push1 f1{} true", "0".repeat(50));
    number_with_too_many_digits: format!("push d{}", "9".repeat(4301));
    nothing_to_push: "push x";
    root_too_short: "merkleval x0102";
    cache_count_missing: "write_cache s\"key\"";
    cache_count_too_large: "write_cache s\"key\" d256";
    sized_value_too_long: format!("read_cache x{}", "ab".repeat(256));
    index_too_large: "swap d0 d256";
    push1_at_the_end: "true push1 x0102";
    string_not_closed: "push s\"some text\n\nverify";
    string_without_text: "push s";
    comment_without_blanks: "true #one# false";
    comment_of_another_language: "true // one";
    end_of_try: "try { true } end_try";
    negative_index: "swap d-1 d2";
    negative_count: "write_cache s\"key\" d-1";
    macro_in_macro: "!= one [ ] { true } != two [ ] { !one [ ] } !two [ ]";
    comment_not_closed: "true # one\nfalse";
    if_without_end: "true if false";
    brace_not_closed: "try { true\nexcept { false";
    condition_not_closed: "if ( dup { true }";
    except_in_except: "try { } except true except false end_except";
    word_of_byte_code: "if_else { true }";
    definition_in_definition: "def 0 {\n    def 1 { true }\n}";
    definition_with_bad_handle: "def first { true }";
    definition_with_large_handle: "def 256 { true }";
    alias_in_definition: "def 0 { op_eqv }";
    variable_with_bad_name: "@= my_key 1";
    variable_with_bad_count: "@= key d1";
    list_not_closed: "@= key [ d1 d2";
    macro_unknown: "!twice [ x01 ]";
    macro_with_too_few_arguments: "!= add [ a b ] { push a push b add_ints d2 }\n!add [ d1 ]";
    macro_with_bad_name: "!= my_macro [ ] { true }";
    macro_without_list: "!= add { true }";
    mistake_in_macro: "!= add [ a b ] {\n    push a push b\n    ad_ints d2\n}\ntrue !add [ d1 d2 ]";
    mistake_in_argument_of_macro: "!= add [ a b ] { push a push b add_ints d2 }\ntrue\n!add [ d1 z2 ]";
    comptime_without_machine: "push ~! { true }";
    comptime_without_brace: "push ~ true";
    comptime_not_closed: "push ~ { true";
    mistake_in_comptime: "push ~ {\n\ttrue\n\tpush q\n}";
    blocks_nested_too_deep: "if { ".repeat(500) + &"} ".repeat(500);
    block_too_long: format!("loop {{ push x{} }}", "ab".repeat(65535));
    end_of_a_long_line: format!("push x{} dupe {}", "ab".repeat(100), "true ".repeat(100));
    characters_that_turn_the_line: "push s\"\u{202e}\u{1b}[2J\" d\u{2066}up\u{200b}\n";
    wide_characters: "push s\"größe\" 鍵 dup";
}

#[test]
fn comptime_that_fails() {
    let source = "true\npush ~! { false verify }";
    let assembler = Assembler::new().comptime(|_| Err(Error::script("OP_VERIFY check failed")));
    show("comptime_that_fails", source, assembler.assemble(source));
}

#[test]
fn macro_that_grows_too_much() {
    let source =
        format!("!= big [ a ] {{ {} }} !big [ s\"{}\" ]", "a ".repeat(5000), "z".repeat(5000));
    show("macro_that_grows_too_much", &source, assemble(&source));
}

#[test]
fn byte_code_over_the_limit() {
    let source = "true true true";
    show("byte_code_over_the_limit", source, Assembler::new().max_output(2).assemble(source));
}

#[test]
fn one_line_says_it_all() {
    let error = assemble("true\npush f1").unwrap_err();
    assert_eq!((error.position().line, error.position().column), (2, 6));
    assert_eq!(error.kind(), ErrorKind::Syntax);
    assert_eq!(
        error.to_string(),
        format!("line 2, column 6: {}; expected {}", error.message(), error.expected())
    );
    assert_eq!(Error::from(error.clone()).message(), error.to_string());
}

fn show(name: &str, source: &str, result: Result<Vec<u8>, AssembleError>) {
    let shown = result.unwrap_err().render(source);
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(name, shown);
    });
}
