//! Metric definitions: lists, versions, publishing, conditions, what is refused, and that nothing is lost.

use crate::{granted, ticket};
use daftar_tests::server::{Answer, Server, in_path};
use serde_json::{Value, json};

const PUT: &str = "PUT";

/// A short document of that name.
fn document(name: &str, clock: &str) -> String {
    format!(r#"{{"name":"{name}","clock":"{clock}"}}"#)
}

fn put(server: &Server, name: &str, body: impl AsRef<[u8]>) -> Answer {
    server.send(PUT, &format!("/v1/definitions/{}", in_path(name)), body, &[])
}

fn get(server: &Server, name: &str) -> Answer {
    server.get(&format!("/v1/definitions/{}", in_path(name)))
}

#[track_caller]
fn is_version(answer: &Answer, version: u64, clock: &str) {
    granted(answer, 200);
    assert_eq!(answer.header("etag"), Some(&*format!("\"{version}\"")));
    assert_eq!(answer.header("daftar-definition-version"), Some(&*version.to_string()));
    assert_eq!(answer.json()["clock"], clock);
}

fn listed(server: &Server, name: &str) -> Value {
    let list = server.get("/v1/definitions").json();
    list["items"].as_array().unwrap().iter().find(|item| item["name"] == name).cloned().unwrap_or_default()
}

#[test]
fn presets_are_there_from_the_start() {
    let server = Server::start();
    let answer = server.get("/v1/definitions");
    granted(&answer, 200);
    let list = answer.json();
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["chatwoot", "default", "freshdesk", "iran", "zammad", "zendesk"]);
    assert_eq!(list["items"][1], json!({"name": "default", "version": 0, "preset": true}));
    assert_eq!((&list["position"], answer.header("daftar-position")), (&json!(0), Some("0")));
    for name in ["default", "default@0", "iran"] {
        granted(&get(&server, name), 200);
    }
    let text = get(&server, "default");
    assert!(text.text().starts_with(r#"{"name":"default","time_zone":"UTC","calendar":"gregorian","#), "canonical");
    for name in ["default@1", "other", "other@0", "default@", "default@x"] {
        get(&server, name).problem(404, "not-found");
    }
}

#[test]
fn every_version_is_kept_and_survives_a_restart() {
    let server = Server::start();
    ticket(&server, "HD-1", &[]);
    let first = put(&server, "mine", document("mine", "calendar"));
    granted(&first, 201);
    assert_eq!(first.json(), json!({"name": "mine", "version": 1, "position": 2}));
    assert_eq!((first.header("etag"), first.header("location")), (Some("\"1\""), Some("/v1/definitions/mine")));
    let second = put(&server, "mine", document("mine", "business"));
    granted(&second, 200);
    assert_eq!(second.json(), json!({"name": "mine", "version": 2, "position": 3}));
    granted(&put(&server, "default", document("default", "business")), 200);
    let check = |server: &Server| {
        is_version(&get(server, "mine"), 2, "business");
        is_version(&get(server, "mine@1"), 1, "calendar");
        is_version(&get(server, "mine@2"), 2, "business");
        is_version(&get(server, "default"), 1, "business");
        is_version(&get(server, "default@0"), 0, "calendar");
        get(server, "mine@3").problem(404, "not-found");
        let mine = listed(server, "mine");
        assert_eq!((&mine["version"], &mine["preset"]), (&json!(2), &json!(false)));
        assert!(mine["published_at"].as_str().unwrap().ends_with('Z'), "{mine}");
        assert_eq!(listed(server, "default")["preset"], json!(true));
    };
    check(&server);
    let server = server.restart();
    check(&server);
    granted(&put(&server, "mine", document("mine", "calendar")), 200);
    is_version(&get(&server, "mine"), 3, "calendar");
}

#[test]
fn what_is_read_can_be_put_back() {
    let server = Server::start();
    for name in ["default", "zendesk", "freshdesk", "chatwoot", "zammad", "iran"] {
        let read = get(&server, name);
        let answer = put(&server, name, &read.bytes);
        granted(&answer, 200);
        assert_eq!(answer.json()["version"], 0, "{name}: equal to the newest version, so nothing was published");
        let renamed = read.text().replacen(name, "copy", 1);
        granted(&put(&server, "copy", renamed), if name == "default" { 201 } else { 200 });
    }
    assert_eq!(listed(&server, "copy")["version"], 6);
    let answer = put(&server, "copy", get(&server, "copy").text());
    assert_eq!((answer.status, &answer.json()["version"]), (200, &json!(6)));
    assert_eq!(server.get("/v1/definitions").header("daftar-position"), Some("6"), "each event is one version");
}

#[test]
fn a_condition_is_kept() {
    let server = Server::start();
    let put_if = |version: &str, clock: &str| {
        server.send(PUT, "/v1/definitions/mine", document("mine", clock), &[("if-match", version)])
    };
    put_if("\"1\"", "calendar").problem(412, "stale-version");
    granted(&put_if("\"0\"", "calendar"), 201);
    put_if("\"0\"", "business").problem(412, "stale-version");
    granted(&put_if("\"1\"", "business"), 200);
    put_if("\"1\"", "business").problem(412, "stale-version");
    granted(&put_if("*", "calendar"), 200);
    put_if("one", "calendar").problem(400, "malformed");
    is_version(&get(&server, "mine"), 3, "calendar");
    let known = server.get_with("/v1/definitions/mine", &[("if-none-match", "\"3\"")]);
    assert_eq!((known.status, known.bytes.len(), known.header("etag")), (304, 0, Some("\"3\"")));
}

#[test]
fn toml_is_taken_where_it_is_said_to_be() {
    let server = Server::start();
    let toml = "name = \"تهران\"\ntime_zone = \"Asia/Tehran\"\n[csat]\npositive_from = { five = 5 }\n";
    let path = format!("/v1/definitions/{}", in_path("تهران"));
    let headers = [("content-type", "application/toml; charset=utf-8")];
    granted(&server.send(PUT, &path, toml, &headers), 201);
    assert_eq!(server.get(&path).json()["csat"]["positive_from"], json!({"binary": 1, "four": 3, "five": 5}));
    server.send(PUT, &path, toml, &[]).problem(400, "malformed");
    let (detail, _) = server.send(PUT, &path, "name = \n", &headers).problem(400, "malformed");
    assert!(detail.contains("line 1"), "{detail}");
}

#[test]
fn what_is_wrong_is_named_place_by_place() {
    let server = Server::start();
    let wrong = r#"{"name":"mine","review":{"stale_after":"3bd"},"schedules":[{"name":"s",
        "weekly":{"saturday":["08:00-12:00","11:00-13:00"]}},{"name":"t"}]}"#;
    let (_, pointers) = put(&server, "mine", wrong).problem(422, "invalid");
    assert_eq!(pointers, ["/review/stale_after", "/schedules/0/weekly/saturday/1", "/schedules/1"]);
    let one = |body: &str, slug: &str, status: u16| {
        let (detail, pointers) = put(&server, "mine", body).problem(status, slug);
        (detail, pointers.first().cloned().unwrap_or_default())
    };
    let (detail, pointer) = one(r#"{"name":"mine","ces":{"bettr":"low"}}"#, "invalid", 422);
    assert!(detail.contains("there is no field bettr here; there are better"), "{detail}");
    assert_eq!(pointer, "/ces/bettr");
    let zero = r#"{"name":"mine","targets":[{"metric":"first_response","within":"0h"}]}"#;
    assert_eq!(one(zero, "invalid", 422).1, "/targets/0/within");
    assert_eq!(one(r#"{"name":"other"}"#, "invalid", 422).1, "/name");
    assert_eq!(one("{}", "invalid", 422).1, "/name", "the name is default where none is given");
    one("{", "malformed", 400);
    one("", "malformed", 400);
    put(&server, "mine@1", document("mine", "calendar")).problem(422, "invalid");
    put(&server, "two words", document("two words", "calendar")).problem(422, "invalid");
    put(&server, "mine", [0xff]).problem(400, "malformed");
    put(&server, "mine", vec![b' '; (1 << 20) + 1]).problem(413, "too-large");
    server.send(PUT, "/v1/definitions/mine?x=1", "{}", &[]).problem(400, "malformed");
    assert_eq!(server.get("/v1/definitions").header("daftar-position"), Some("0"), "nothing was published");
}

#[test]
fn the_feed_tells_of_publications_only_when_asked() {
    let server = Server::start();
    granted(&put(&server, "mine", document("mine", "business")), 201);
    ticket(&server, "HD-1", &[]);
    let lines =
        |path: &str| server.get(path).text().lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<Value>>();
    assert_eq!(lines("/v1/events").len(), 1);
    let all = lines("/v1/events?all=true");
    assert_eq!(all.len(), 2);
    assert_eq!((&all[0]["type"], &all[0]["name"]), (&json!("definition_published"), &json!("mine")));
    assert_eq!((&all[0]["position"], &all[0]["version"]), (&json!(1), &json!(1)));
    assert_eq!(all[0]["document"], get(&server, "mine").json());
    let (seen, opened) = (server.get("/v1/reports/flow?min_position=2").json(), "opened");
    assert_eq!((&seen["position"], &seen["rows"][0][opened]), (&json!(2), &json!(1)), "reports pass over it");
    let imported = server.post("/v1/events", server.get("/v1/events?all=true").text()).json();
    assert_eq!((&imported["present"], &imported["rejected"]), (&json!(1), &json!(1)), "{imported}");
}

#[test]
fn many_who_publish_at_once_make_one_version_each() {
    let server = Server::start();
    std::thread::scope(|scope| {
        for n in 1..=16_u32 {
            let server = &server;
            let body = format!(r#"{{"name":"mine","leaderboard":{{"minimum_answers":{n}}}}}"#);
            scope.spawn(move || assert!(put(server, "mine", body).status < 300));
        }
    });
    assert_eq!(listed(&server, "mine")["version"], 16);
    let mut least: Vec<_> = (1..=16)
        .map(|version| {
            get(&server, &format!("mine@{version}")).json()["leaderboard"]["minimum_answers"].as_u64().unwrap()
        })
        .collect();
    least.sort_unstable();
    assert_eq!(least, (1..=16).collect::<Vec<_>>());
}
