use netaio::prelude::*;

#[app]
struct App;

#[on(CreateUri)]
fn create(_content: &Content) {}

#[on(UpdateUri)]
fn update(_numbers: &[u32]) {}

#[on(DeleteUri)]
async fn delete(_message: MessageRef<'_>) {}

fn main() {}
