//! Writing checkpoints: what is left alone, what is refused, and when it ends.

use super::*;
use crate::http::bed::{desk, open};
use tempfile::tempdir;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn only_checkpoints_are_removed_and_what_cannot_be_is_passed_over() {
    let dir = tempdir().unwrap();
    let of = |name: &str| dir.path().join(name);
    for name in ["a.checkpoint", "b.checkpoint", "c.new", "notes.txt", "README"] {
        fs::write(of(name), "x").unwrap();
    }
    // A directory of such a name is no file to be removed.
    fs::create_dir(of("d.checkpoint")).unwrap();
    only(dir.path(), &of("a.checkpoint"));
    assert_eq!(names(dir.path()), ["README", "a.checkpoint", "d.checkpoint", "notes.txt"]);
    only(&of("nothing"), &of("a.checkpoint"));
}

#[test]
fn there_is_room_where_twice_the_last_one_and_what_the_log_needs_are_free() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.checkpoint");
    fs::write(&path, [0; 1_280]).unwrap();
    let enough = HEADROOM_BYTES + 2_560;
    assert!(room(dir.path(), Some(enough), 20).is_ok() && room(dir.path(), None, 20).is_ok());
    assert!(room(dir.path(), Some(enough), 21).is_err(), "more events take more");
    let refused = room(dir.path(), Some(enough - 1), 20).unwrap_err().to_string();
    assert_eq!(
        refused,
        format!("{} bytes are free where a checkpoint would lie, and {enough} are kept free for the log", enough - 1)
    );
}

#[tokio::test]
async fn keeping_writes_as_the_log_grows_and_ends_when_it_is_told_to() {
    let (desk, dir) = (desk().await, tempdir().unwrap());
    let mut checkpoints = Checkpoints::of(dir.path());
    let (stop, stopping) = watch::channel(false);
    let growing = async {
        open(&desk, "A").await;
        desk.live().catch_up(|_| {}).await.unwrap();
        while !dir.path().join(DIRECTORY).is_dir() || names(&dir.path().join(DIRECTORY)).is_empty() {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
    };
    tokio::join!(checkpoints.keep_every(1, &desk, stopping), growing);
    assert_eq!((checkpoints.written, names(&dir.path().join(DIRECTORY)).len()), (Position(1), 1));
    // Nothing worth it has happened since.
    checkpoints.end(&desk).await;
    assert_eq!(checkpoints.written, Position(1));
}

#[tokio::test]
async fn keeping_ends_where_there_is_nothing_to_write_down() {
    let desk = desk().await;
    open(&desk, "A").await;
    desk.live().catch_up(|_| {}).await.unwrap();
    let (_stop, stopping) = watch::channel(false);
    // It would go round and round otherwise: the position asked for is there.
    Checkpoints::none().keep_every(1, &desk, stopping).await;
}
