use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = 50u16,
}

fn main() {}
