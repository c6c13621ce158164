use netaio::prelude::*;

enum ChatTypes {
    Say = 50,
}

#[app(types = ChatTypes)]
struct App;

fn main() {}
