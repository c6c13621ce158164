#![no_implicit_prelude]

#[::netaio::app(auth = [admin])]
struct App;

#[::netaio::on(RequestUri, uri = "a", auth = admin)]
async fn a(_: ::netaio::handler::extract::Uri) {}

#[::netaio::message_types]
enum Types {
    Say = 31,
}

fn main() {
    let _ = Types::Say;
}
