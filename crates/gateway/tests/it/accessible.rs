//! What every page must be for everybody (WCAG 2.2 AA, as far as the markup shows it).

use zorgsluis_domain::MessageId;

use crate::registers::{import_providers, notice};
use crate::support::{BSN, World};

/// Checks one page.
pub(crate) fn check(path: &str, html: &str) {
    assert_eq!(html.matches("<h1").count(), 1, "{path}: one heading of the first level");
    assert_eq!(html.matches("<main").count(), 1, "{path}");
    assert!(html.contains("class=\"skip\" href=\"#content\"") && html.contains("id=\"content\""), "{path}");
    assert!(html.contains("<title>") && !html.contains("<title> "), "{path}");
    assert!(!html.contains("<script") && !html.contains("style=\"") && !html.contains(" onclick"), "{path}");
    // Headings step down one level at a time.
    let mut level = 1;
    for part in html.split("<h").skip(1) {
        if let Some(next) = part.chars().next().and_then(|digit| digit.to_digit(10)) {
            assert!(next <= level + 1, "{path}: h{next} after h{level}");
            level = next;
        }
    }
    // Each table says what its columns are.
    assert_eq!(html.matches("<table").count(), html.matches("<thead").count(), "{path}");
    assert_eq!(html.matches("<th ").count(), html.matches(" scope=\"").count(), "{path}");
    // Each control has a label, each id stands once, and what is pointed at is there.
    for kind in ["<input ", "<select ", "<textarea "] {
        for control in html.split(kind).skip(1) {
            let tag = control.split('>').next().unwrap();
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("{path}: {tag}"));
            assert!(html.contains(&format!("<label for=\"{id}\">")), "{path}: {tag} has no label");
        }
    }
    let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    for id in &ids {
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{path}: id {id} stands twice");
    }
    for pointer in ["aria-labelledby", "aria-describedby"] {
        for rest in html.split(&format!("{pointer}=\"")).skip(1) {
            for id in rest.split('"').next().unwrap().split(' ') {
                assert!(ids.contains(&id), "{path}: {pointer} names {id}, which is not there");
            }
        }
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let rest = tag
        .strip_prefix(&format!("{name}=\""))
        .or_else(|| Some(tag.split_once(&format!(" {name}=\""))?.1))?;
    rest.split('"').next()
}

#[tokio::test]
async fn pages_are_built_for_everybody() {
    let world = World::with_patient().await;
    let (cookie, form_token) = world.sign_in().await;
    import_providers(&world).await;
    let provider = world.provider("A.B. de Wit").await;
    let unreadable = notice(&world, 1, "2026-11-02T08:30:00Z").await;
    let told = world.told("A.B. de Wit").await;
    let message = MessageId(uuid::Uuid::from_u128(1));
    world.park(message, "2026-11-02T08:30:00Z").await;
    world.claim(BSN).await;
    let form = format!("form_token={form_token}&system=http://fhir.nl/fhir/NamingSystem/bsn&value={BSN}");
    let patient = world.post_form("/patients", &cookie, &form).await;
    check("a patient", &patient.body);
    let refused = format!("form_token={form_token}&version=1&address=wrong&language=nl");
    let refused = world.post_form(&format!("/providers/{provider}"), &cookie, &refused).await;
    check("a refused change", &refused.body);
    let searched = format!("form_token={form_token}&wanted=wit");
    check("a search", &world.post_form("/providers", &cookie, &searched).await.body);
    for path in [
        "/",
        "/dead-letters",
        "/log",
        "/login",
        &format!("/login?notice={told}"),
        &format!("/notices/{told}"),
        &format!("/notices/{unreadable}"),
        "/nowhere",
        "/notices",
        "/notices?state=all&settled=1",
        "/providers",
        &format!("/providers/{provider}?saved=1"),
        "/patients?released=1",
    ] {
        for language in ["nl", "en"] {
            let cookie = format!("{cookie}; zorgsluis_lang={language}");
            check(path, &world.page(path, &cookie).await.body);
        }
    }
}
