use netaio::prelude::*;

#[message_types]
enum ChatTypes {
    Say { text: String } = 50,
}

fn main() {}
