use netaio::prelude::*;

#[app]
struct App;

mod outer {
    pub mod inner {
        use netaio::prelude::*;

        #[on(RequestUri)]
        async fn nested() {}
    }
}

fn main() {
    #[on(CreateUri)]
    async fn in_a_body() {}

    let routes = App::builder().build().unwrap().routes();
    assert_eq!(routes.iter().map(|route| route.name).collect::<Vec<_>>(), ["nested", "in_a_body"]);
}
