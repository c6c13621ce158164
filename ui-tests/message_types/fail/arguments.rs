use netaio::prelude::*;

#[message_types(Say = 50)]
enum ChatTypes {
    Join = 51,
}

fn main() {}
