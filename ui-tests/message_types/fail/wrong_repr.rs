use netaio::prelude::*;

#[message_types]
#[repr(u16)]
enum ChatTypes {
    Say = 50,
}

fn main() {}
