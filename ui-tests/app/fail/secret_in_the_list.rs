use netaio::prelude::*;

#[app(auth = [HmacAuth::new("adminpassword")])]
struct App;

fn main() {}
