#![allow(dead_code, non_camel_case_types)]

struct Result;
struct Option;
struct Box;
struct String;
struct Message;
struct Some;
struct Ok;
struct Err;
struct u8;

#[netaio::app]
struct App;

#[netaio::on(RequestUri, uri = "a")]
async fn a(_: netaio::handler::extract::Uri) {}

#[netaio::once(CreateUri)]
fn b() -> &'static str {
    "b"
}

fn main() {
    assert_eq!(App::builder().build().unwrap().routes().len(), 2);
}
