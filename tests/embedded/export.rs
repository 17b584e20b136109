//! A community's list as a table: what a spreadsheet opens, page by page, without a formula in it.

use serde_json::json;
use testkit::{
    Response, SesEvent,
    embedded::{Person, World, chess, person},
};

const EXPORT: &str = "/communities/chess/invitations/export";
const COLUMNS: &str =
    "id,status,recipient,inviteeId,sender,senderId,createdAt,expiresAt,answeredAt,delivery,deliveryAt,reason";

/// Returns the address of the next page, which stands in a header.
fn next(page: &Response) -> Option<String> {
    let link = page.header("link")?;
    let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    Some(format!("{EXPORT}{target}"))
}

async fn page(world: &World, who: &Person, path: &str) -> Response {
    let mut page = world.get(who, path).await;
    // What `lambda_http` makes of the text, on its way to the caller.
    if let Some(decoded) = page.body.strip_prefix('\u{FEFF}') {
        page.body = decoded.to_owned();
    }
    page.ok();
    page.assert_form();
    assert_eq!(page.header("content-type"), Some("text/csv; charset=utf-8"));
    page
}

/// Returns the cells of a table that begins with the names of its columns.
fn rows(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{FEFF}').expect("a byte order mark");
    assert_eq!(text.split_once("\r\n").unwrap().0, COLUMNS);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn a_table_has_what_the_list_shows() {
    let (world, mona) = chess("owner").await;
    let [ann] = world.people(["ann"]).await;
    world.register_with(&ann, json!({ "displayName": "Berg, \"Ann\"" })).await;
    let accepted = world.invite_user(&mona, "chess", &ann).await;
    world.command(&ann, &accepted, "accept").await.ok();
    let pending = world.invite_address(&mona, "chess", "Zoe@Bücher.example").await;
    world.pump().await;
    world.ses_event(&SesEvent::new("Delivery", &pending)).await;
    let (mia, asked_for, rejected) = {
        world.community("chess", json!({ "enrolment": "closed" })).await;
        let [mia, bob] = world.people(["mia", "bob"]).await;
        world.member("chess", &mia, "member").await;
        world.connect(&mia, &bob).await;
        let id = world.invite_user(&mia, "chess", &bob).await;
        (mia, bob, id)
    };
    let reason = "Full, until spring.\nThen \"perhaps\".";
    world.post(&mona, format!("/invitations/{rejected}/reject"), json!({ "reason": reason })).await.ok();

    let table = page(&world, &mona, EXPORT).await;
    assert_eq!(table.header("link"), None);
    let found = rows(&table.body);
    let list = world.page(&mona, "/communities/chess/invitations").await;
    assert_eq!(found.iter().map(|row| &*row[0]).collect::<Vec<_>>(), list.ids(), "the order of the list");
    for (row, one) in found.iter().zip(&list.invitations) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let recipient = one.invitee.display_name.clone().or(one.invitee.email.clone());
        let expected = [
            one.id.clone(),
            one.status.clone(),
            text(&recipient),
            text(&one.invitee.user_id),
            text(&one.sender.display_name),
            one.sender.id.clone(),
            one.created_at.clone(),
            one.expires_at.clone(),
            text(&one.answered_at),
            one.delivery.as_ref().map(|delivery| delivery.state.clone()).unwrap_or_default(),
            one.delivery.as_ref().map(|delivery| delivery.at.clone()).unwrap_or_default(),
            text(&one.reason),
        ];
        assert_eq!(row[..], expected);
    }
    let column = |name: &str| COLUMNS.split(',').position(|column| column == name).unwrap();
    let recipients: Vec<_> = found.iter().map(|row| &*row[column("recipient")]).collect();
    assert_eq!(recipients, ["Zoe@Bücher.example", "Berg, \"Ann\"", "Bob"]);
    assert_eq!(found[0][column("delivery")], "delivered");
    assert_eq!((&*found[2][column("inviteeId")], &*found[2][column("senderId")]), (&*asked_for.id, &*mia.id));
    assert_eq!(found[2][column("reason")], reason);
    assert!(table.body.contains("\"Berg, \"\"Ann\"\"\""), "{}", table.body);
}

#[tokio::test]
async fn an_address_stays_an_address_as_long_as_it_does_in_the_list() {
    let (world, mona) = chess("owner").await;
    let zoe = person("zoe");
    world.register_with(&zoe, json!({ "displayName": "Zora Quist" })).await;
    let id = world.invite_address(&mona, "chess", &zoe.email).await;
    let shown = async || rows(&page(&world, &mona, EXPORT).await.body)[0][2..4].to_vec();
    assert_eq!(shown().await, [&*zoe.email, ""]);
    world.command(&zoe, &id, "accept").await.ok();
    assert_eq!(shown().await, ["Zora Quist", "zoe"]);
    world.remove("users/zoe").await;
    assert_eq!(shown().await, ["", "zoe"]);
    world.get(&zoe, EXPORT).await.refused(403, "caller_unknown");
    let [ben] = world.people(["ben"]).await;
    world.member("chess", &ben, "member").await;
    world.get(&ben, EXPORT).await.refused(403, "not_moderator");
}

#[tokio::test]
async fn no_cell_is_a_formula() {
    let (world, mona) = chess("owner").await;
    let names = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0"];
    let ids = ["=1", "+1", "-1", "@1"];
    for (number, name) in names.iter().enumerate() {
        let id = ids.get(number).map_or(format!("guest{number}"), |id| (*id).to_owned());
        let guest = Person { email: format!("guest{number}@example.org"), ..person(&id) };
        world.register_with(&guest, json!({ "displayName": name })).await;
        world.invite_user(&mona, "chess", &guest).await;
    }
    for address in ["=1@example.org", "+1@example.org", "-1@example.org", "plain=1@example.org"] {
        world.invite_address(&mona, "chess", address).await;
    }
    world.register_with(&mona, json!({ "displayName": "=HYPERLINK(\"https://bad.example\")" })).await;
    let found = rows(&page(&world, &mona, EXPORT).await.body);
    assert_eq!(found.len(), names.len() + 4);
    for cell in found.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']), "{cell:?} is a formula");
    }
    let recipients: Vec<_> = found.iter().map(|row| &*row[2]).collect();
    // Some spreadsheets end a cell at a semicolon.
    world.register_with(&person("guest7"), json!({ "displayName": "Bob;=1+1; @x" })).await;
    let found_again = rows(&page(&world, &mona, EXPORT).await.body);
    assert!(found_again.iter().any(|row| row[2] == "Bob;'=1+1; '@x"), "{found_again:?}");
    for name in names {
        assert!(recipients.contains(&&*format!("'{name}")), "{name}: {recipients:?}");
    }
    assert!(recipients.contains(&"plain=1@example.org"), "what is none is left alone: {recipients:?}");
    for id in ids {
        assert!(found.iter().any(|row| row[3] == format!("'{id}")), "{id}: {found:?}");
    }
    assert!(found.iter().all(|row| row[4].starts_with("'=HYPERLINK")));
}

#[tokio::test]
async fn pages_joined_are_one_table_of_what_is_asked_for() {
    let (world, mona) = chess("owner").await;
    let ids = world.users(7).await;
    world.send(&mona, "chess", json!({ "userIds": ids })).await;
    let whole = page(&world, &mona, &format!("{EXPORT}?q=user&status=pending")).await;
    let (mut joined, mut pages) = (String::new(), 0);
    let mut at = Some(format!("{EXPORT}?q=user&status=pending&limit=3"));
    while let Some(path) = at {
        world.meter.take();
        let page = page(&world, &mona, &path).await;
        let usage = world.meter.take();
        assert_eq!((usage.of("Query"), usage.total()), (1, 2), "as a page of the list: {usage:?}");
        joined.push_str(&page.body);
        pages += 1;
        at = next(&page);
    }
    assert_eq!((pages, &joined), (3, &whole.body));
    assert_eq!(rows(&joined).len(), 7);
    // A cursor is that of the list, for the same caller and the same query.
    let first = page(&world, &mona, &format!("{EXPORT}?limit=3")).await;
    let next = next(&first).unwrap();
    let [olga] = world.people(["olga"]).await;
    world.member("chess", &olga, "moderator").await;
    world.get(&olga, next.clone()).await.refused(400, "invalid_cursor");
    world.get(&mona, format!("{next}&status=pending")).await.refused(400, "invalid_cursor");
    for (query, param) in [("limit=101", "limit"), ("limit=0", "limit"), ("status=open", "status")] {
        let refused = world.get(&mona, format!("{EXPORT}?{query}")).await;
        assert_eq!(refused.refused(400, "malformed_request").param(), param);
    }
}

#[tokio::test]
async fn a_page_has_a_hundred_rows_and_a_table_of_nothing_its_columns() {
    let (world, mona) = chess("owner").await;
    assert_eq!(page(&world, &mona, EXPORT).await.body, format!("\u{FEFF}{COLUMNS}\r\n"));
    let ids = world.users(101).await;
    for part in ids.chunks(100) {
        world.send(&mona, "chess", json!({ "userIds": part })).await;
    }
    let first = page(&world, &mona, EXPORT).await;
    assert_eq!(rows(&first.body).len(), 100);
    let last = page(&world, &mona, &next(&first).unwrap()).await;
    assert_eq!((last.body.lines().count(), last.header("link")), (1, None));
}
