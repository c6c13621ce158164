use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = 30,
}

fn main() {}
