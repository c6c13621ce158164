use netaio::prelude::*;

#[app]
struct App;

macro_rules! reader {
    ($name:ident, $uri:literal, $answer:expr) => {
        #[on(RequestUri, uri = $uri)]
        async fn $name() -> &'static str {
            $answer
        }
    };
}

reader!(first, "first", "1");
reader!(second, "second", "2");

fn main() {
    assert_eq!(App::builder().mount(handlers![first, second]).build().unwrap().routes().len(), 2);
}
