use netaio::prelude::*;

#[app(types = ChatTypes)]
struct App;

#[message_types]
enum ChatTypes {
    Say = 50,
}

#[on(Say)]
async fn say() {}

fn main() {}
