use netaio::prelude::*;

#[message_types]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatTypes {
    /// Says something.
    Say = 50,
    Join = 255,
}

#[app(types = ChatTypes)]
struct App;

#[on(ChatTypes::Say)]
async fn say() {}

fn main() {
    assert_eq!(ChatTypes::Say.to_string(), "Say");
    assert_eq!(u8::from(ChatTypes::Join), 255);
    assert_eq!(MessageType::from(ChatTypes::Say).code(), 50);
    assert_eq!(ChatTypes::try_from(MessageType::custom(255)), Ok(ChatTypes::Join));
    assert_eq!(App::builder().build().unwrap().routes()[0].key.message_type().code(), 50);
}
