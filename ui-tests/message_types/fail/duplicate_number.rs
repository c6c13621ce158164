use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = 50,
    Join = 0x32,
}

fn main() {}
