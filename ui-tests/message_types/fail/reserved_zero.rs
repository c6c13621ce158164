use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = 0,
}

fn main() {}
