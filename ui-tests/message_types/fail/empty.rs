use netaio::prelude::*;

#[message_types]
enum ChatTypes {}

fn main() {}
