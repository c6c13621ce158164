use netaio::prelude::*;

#[app]
struct App;

#[message_types]
enum ChatTypes {
    Say = 50,
}

#[on(ChatTypes::Say)]
async fn say() {}

fn main() {}
