use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = 256,
}

fn main() {}
