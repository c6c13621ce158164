use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say = 50,
    Say = 51,
}

fn main() {}
