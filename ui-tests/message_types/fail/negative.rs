use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = -50,
}

fn main() {}
