use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say(String) = 50,
}

fn main() {}
