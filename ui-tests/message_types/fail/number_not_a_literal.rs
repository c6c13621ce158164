use netaio::prelude::*;

const FIRST: u8 = 50;

#[message_types]
enum ChatTypes {
    Say = FIRST,
}

fn main() {}
