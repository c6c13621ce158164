use netaio::prelude::*;

#[app(types = Types)]
struct App;

#[message_types]
#[derive(Debug, Clone, Copy, PartialEq)]
enum Types {
    Say = 50,
    #[cfg(any())]
    Gone = 51,
}

#[cfg(any())]
#[on(RequestUri)]
async fn gone() -> Missing {}

#[on(Types::Say)]
async fn said(#[cfg(any())] _: Missing, _: Uri) {}

fn main() {
    assert_eq!(App::builder().build().unwrap().routes().len(), 1);
    assert_eq!(Types::try_from(50), Ok(Types::Say));
    assert!(Types::try_from(51).is_err());
}
