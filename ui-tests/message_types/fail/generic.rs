use netaio::prelude::*;

#[message_types]
enum ChatTypes<T> {
    Say = 50,
}

fn main() {}
