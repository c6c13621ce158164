use netaio::prelude::*;

#[app(types = ChatTypes)]
struct App;

#[message_types]
enum ChatTypes {
    Say = 50,
}

#[message_types]
enum GameTypes {
    Move = 50,
}

#[on(GameTypes::Move)]
async fn walk() {}

fn main() {}
