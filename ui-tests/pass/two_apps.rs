//! Two apps in one program never see each other's handlers.
use netaio::prelude::*;

#[app]
struct First;

#[app]
struct Second;

#[on(RequestUri, app = First)]
async fn of_the_first() {}

#[on(RequestUri, app = Second)]
async fn of_the_second() {}

fn main() {
    assert_eq!(First::builder().build().unwrap().routes()[0].name, "of_the_first");
    assert_eq!(Second::builder().build().unwrap().routes()[0].name, "of_the_second");
}
