use netaio::prelude::*;

#[app(state = String, auth = [admin])]
struct App;

#[on(RequestUri)]
async fn read(State(state): State<String>) -> String {
    state
}

#[on(CreateUri, uri = "x", auth = admin, timeout = "2s")]
async fn create(_: Uri, _: Content) -> Result<&'static str, ReplyError> {
    Err(ReplyError::error("no"))
}

#[once(RequestUri, uri = b"pair")]
fn pair() {}

fn main() {
    let app = App::builder()
        .state("state".into())
        .bind_auth(App::admin, HmacAuth::new("secret").field("inner"))
        .build()
        .unwrap();
    assert_eq!(app.routes().len(), 3);
}
