use netaio::prelude::*;

#[app(state = std::sync::Arc<std::sync::Mutex<u32>>)]
struct App;

use std::sync::{Arc, Mutex};

#[on(CreateUri)]
async fn create(State(count): State<Arc<Mutex<u32>>>) {
    let mut count = count.lock().unwrap();
    *count += 1;
    tick().await;
}

async fn tick() {}

fn main() {}
