use super::*;

fn frame(length: usize) -> Bytes {
    vec![0; length].into()
}

#[test]
fn the_limit_refuses_what_exceeds_it_and_nothing_else() {
    let outbox = Outbox::new(10 + OVERHEAD, &Budget::new(usize::MAX));
    outbox.push(frame(6)).unwrap();
    assert_eq!(outbox.push(frame(5)), Err(SendError::QueueFull));
    outbox.push(frame(4)).unwrap();
    let mut out = Output::default();
    outbox.take(&mut out);
    assert_eq!(out.len(), 10);
    outbox.push(frame(11 + OVERHEAD)).unwrap();
}

#[test]
fn m2_small_frames_count_for_the_memory_they_take() {
    let budget = Budget::new(usize::MAX);
    let outbox = Outbox::new(100 * OVERHEAD, &budget);
    let pushed = (0..1_000).take_while(|_| outbox.push(frame(1)).is_ok()).count();
    assert!((90..100).contains(&pushed), "{pushed}");
    assert_eq!(budget.used(), pushed * (1 + OVERHEAD));
    outbox.take(&mut Output::default());
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_closing_queue_gives_what_it_has_and_takes_no_more() {
    let outbox = Outbox::new(10, &Budget::new(usize::MAX));
    outbox.push(frame(1)).unwrap();
    outbox.close();
    assert_eq!(outbox.push(frame(1)), Err(SendError::Closed));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Ready(Wakeup::Frames));
    outbox.take(&mut Output::default());
    assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Ready(Wakeup::Closing));
    outbox.cut();
    assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Ready(Wakeup::Cut));
}

/// A stream that takes so many bytes, and keeps them.
#[derive(Debug, Default)]
struct Taking(Mutex<(usize, Vec<u8>)>);

impl Writer for Taking {
    fn try_write(&self, frames: &[IoSlice<'_>]) -> io::Result<usize> {
        let (room, taken) = &mut *self.0.lock().unwrap();
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.iter().copied()).collect();
        let count = bytes.len().min(*room);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *room -= count;
        taken.extend(&bytes[..count]);
        Ok(count)
    }
}

/// An outbox whose task sleeps, and its stream.
fn with_writer(room: usize) -> (Outbox, Arc<Taking>) {
    let stream = Arc::new(Taking(Mutex::new((room, Vec::new()))));
    let outbox = Outbox::new(1_000, &Budget::new(usize::MAX));
    let outbox = outbox.with_writer(Some(Arc::clone(&stream) as _));
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Pending);
    (outbox, stream)
}

#[test]
fn what_is_queued_while_the_task_sleeps_is_written_by_who_queued_it() {
    let (outbox, stream) = with_writer(usize::MAX);
    outbox.push("one ".into()).unwrap();
    assert_eq!(outbox.give(1, &"two ".into(), false), Ok(Pushed::Promised));
    assert_eq!(
        outbox.give(2, &"three".into(), false),
        Ok(Pushed::Left),
        "one promise does for all"
    );
    outbox.write();
    assert_eq!(stream.0.lock().unwrap().1, b"one two three");
    assert!(!outbox.has_news(), "the task has nothing to do");
    assert_eq!(outbox.account().held(), 0);
}

#[test]
fn what_is_queued_for_the_task_is_written_by_it_alone() {
    let (outbox, stream) = with_writer(usize::MAX);
    outbox.queue("one ".into()).unwrap();
    assert!(outbox.has_news() && stream.0.lock().unwrap().1.is_empty());
    outbox.push("two".into()).unwrap();
    assert_eq!(stream.0.lock().unwrap().1, b"one two", "what was first goes first");
    assert!(!outbox.has_news(), "the task has nothing to do any more");
    assert_eq!(outbox.account().held(), 0);
    outbox.close();
    assert_eq!(outbox.queue("three".into()), Err(SendError::Closed));
}

#[test]
fn who_waits_for_room_is_told_whoever_makes_it() {
    for by_the_task in [false, true] {
        let (outbox, _) = with_writer(usize::MAX);
        outbox.queue(frame(900)).unwrap();
        let mut room = std::pin::pin!(outbox.room());
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(outbox.queue(frame(200)), Err(SendError::QueueFull));
        assert_eq!(room.as_mut().poll(&mut context), Poll::Pending);
        if by_the_task {
            outbox.claim(&mut Output::default());
        } else {
            outbox.push(frame(1)).unwrap();
        }
        assert_eq!(room.poll(&mut context), Poll::Ready(()));
        outbox.queue(frame(200)).unwrap();
    }
}

#[test]
fn what_the_stream_does_not_take_is_left_to_the_task_from_the_middle_of_a_frame() {
    let (outbox, stream) = with_writer(6);
    outbox.push("first".into()).unwrap();
    outbox.push("second".into()).unwrap();
    assert!(outbox.has_news() && outbox.account().held() > 0);
    outbox.push("third".into()).unwrap();
    let mut out = Output::default();
    outbox.claim(&mut out);
    assert_eq!(stream.0.lock().unwrap().1, b"firsts");
    assert_eq!(out.into_bytes(), "econdthird", "nothing else may come between");
}

#[test]
fn nobody_writes_while_the_task_does() {
    let (outbox, stream) = with_writer(usize::MAX);
    outbox.claim(&mut Output::default());
    assert_eq!(outbox.give(1, &"later".into(), true), Ok(Pushed::Left));
    outbox.write();
    assert!(stream.0.lock().unwrap().1.is_empty());
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(outbox.poll_wakeup(&mut context, true), Poll::Ready(Wakeup::Frames));
}

#[test]
fn a_run_is_taken_once_and_what_the_stream_leaves_of_it_is_the_tasks() {
    let (outbox, stream) = with_writer(6);
    let run = Bytes::from("first second");
    assert_eq!(outbox.give(1, &run, true), Ok(Pushed::Left));
    assert_eq!(outbox.give(1, &run, true), Ok(Pushed::Left), "somebody else gives it too");
    assert_eq!(stream.0.lock().unwrap().1, b"first ");
    assert!(outbox.has_news() && outbox.account().held() > 0);
    assert_eq!(outbox.give(2, &" third".into(), true), Ok(Pushed::Promised));
    let mut out = Output::default();
    outbox.claim(&mut out);
    assert_eq!(out.into_bytes(), "second third");
    outbox.close();
    assert_eq!(outbox.give(3, &run, true), Err(SendError::Closed));
}
