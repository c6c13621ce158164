use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    CreateUri = 50,
}

fn main() {}
