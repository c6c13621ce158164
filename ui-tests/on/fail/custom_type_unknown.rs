use netaio::prelude::*;

#[app(types = ChatTypes)]
struct App;

#[message_types]
enum ChatTypes {
    Say = 50,
}

#[on(ChatTypes::Sya)]
async fn say() {}

fn main() {}
