use netaio::prelude::*;

#[message_types]
struct ChatTypes;

fn main() {}
