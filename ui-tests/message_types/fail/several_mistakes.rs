use netaio::prelude::*;

#[message_types]
#[derive(Clone, Copy)]
enum ChatTypes {
    Say = 20,
    Join(u8) = 51,
    Error = 51,
}

#[app(types = ChatTypes)]
struct App;

#[on(ChatTypes::Say)]
async fn say() {}

fn main() {}
