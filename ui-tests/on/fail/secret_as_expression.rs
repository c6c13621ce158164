use netaio::prelude::*;

#[app(auth = [admin, reader], cipher = [sealed])]
struct App;

#[on(CreateUri, auth = HmacAuth::new("adminpassword"))]
async fn create() {}

fn main() {}
