use netaio::prelude::*;

#[message_types]
#[allow(non_camel_case_types)]
enum ChatTypes {
    NOT_FOUND = 50,
}

fn main() {}
