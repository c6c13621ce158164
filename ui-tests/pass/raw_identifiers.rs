use netaio::prelude::*;

#[app(auth = [r#type])]
struct App;

#[on(RequestUri, auth = r#type)]
async fn r#match(r#fn: Uri) -> Uri {
    r#fn
}

fn main() {
    let app = App::builder().bind_auth(App::r#type, HmacAuth::new("secret")).build().unwrap();
    assert_eq!(app.routes()[0].name, "match");
}
