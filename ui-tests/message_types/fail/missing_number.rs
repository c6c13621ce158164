use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = 50,
    Join,
}

fn main() {}
